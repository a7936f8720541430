import { expect, it } from 'vitest';
import { withStereo } from './index';

const offer = (params: string): string =>
  `m=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 ${params}\r\na=rtpmap:0 PCMU/8000\r\na=fmtp:0 x=1\r\n`;

it.each([
  ['asks for stereo', 'minptime=10;useinbandfec=1', 'minptime=10;useinbandfec=1;stereo=1'],
  ['leaves stereo alone', 'stereo=1', 'stereo=1'],
])('%s', (_, params, want) => {
  expect(withStereo(offer(params))).toBe(offer(want));
});

it('leaves an offer without Opus alone', () => {
  const video = 'm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=rtpmap:96 VP8/90000\r\na=fmtp:96 x=1\r\n';
  expect(withStereo(video)).toBe(video);
});
