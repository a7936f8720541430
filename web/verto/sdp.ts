// Text surgery on session descriptions, as small as possible.

/** Asks for stereo sound in every Opus format of an offer. */
export function withStereo(sdp: string): string {
  const opus = [...sdp.matchAll(/^a=rtpmap:(\d+) opus\/48000\/2\r?$/gim)].map((match) => match[1]);
  return opus.reduce<string>((result, format) => {
    const line = new RegExp(`^(a=fmtp:${format} )([^\\r\\n]*)`, 'm');
    return result.replace(line, (whole: string, start: string, params: string) =>
      /(^|;)\s*stereo=1/.test(params) ? whole : `${start}${params};stereo=1`,
    );
  }, sdp);
}
