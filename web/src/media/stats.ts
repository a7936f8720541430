// What getStats says, boiled down to the few numbers that people ask for.

export interface Sample {
  at: number;
  received: number;
  sent: number;
  audioReceived: number;
  audioSent: number;
  frames: number;
  framesSent: number;
  packets: number;
  lost: number;
  width: number;
  height: number;
  sentWidth: number;
  sentHeight: number;
  rtt: number | undefined;
}

/** Rates between two samples; video in kbit/s and frames a second, loss as a share, round trip in milliseconds. */
export interface Stats {
  videoIn: number;
  videoOut: number;
  audioIn: number;
  audioOut: number;
  fpsIn: number;
  fpsOut: number;
  loss: number;
  width: number;
  height: number;
  sentWidth: number;
  sentHeight: number;
  rtt: number | undefined;
}

type Entry = Record<string, unknown>;

const num = (entry: Entry, key: string): number => (typeof entry[key] === 'number' ? (entry[key] as number) : 0);

/** Adds up one report; entries are the values of an RTCStatsReport, at is the time in milliseconds. */
export function sample(entries: Iterable<Entry>, at: number): Sample {
  const sum: Sample = {
    at, received: 0, sent: 0, audioReceived: 0, audioSent: 0, frames: 0, framesSent: 0,
    packets: 0, lost: 0, width: 0, height: 0, sentWidth: 0, sentHeight: 0, rtt: undefined,
  };
  for (const entry of entries) {
    if (entry['type'] === 'inbound-rtp') addInbound(sum, entry);
    else if (entry['type'] === 'outbound-rtp') addOutbound(sum, entry);
    else if (entry['type'] === 'candidate-pair') addPair(sum, entry);
  }
  return sum;
}

function addInbound(sum: Sample, entry: Entry): void {
  sum.packets += num(entry, 'packetsReceived');
  sum.lost += Math.max(0, num(entry, 'packetsLost'));
  if (entry['kind'] === 'audio') {
    sum.audioReceived += num(entry, 'bytesReceived');
    return;
  }
  sum.received += num(entry, 'bytesReceived');
  sum.frames += num(entry, 'framesDecoded');
  sum.width = num(entry, 'frameWidth');
  sum.height = num(entry, 'frameHeight');
}

function addOutbound(sum: Sample, entry: Entry): void {
  if (entry['kind'] === 'audio') {
    sum.audioSent += num(entry, 'bytesSent');
    return;
  }
  sum.sent += num(entry, 'bytesSent');
  sum.framesSent += num(entry, 'framesEncoded');
  sum.sentWidth = num(entry, 'frameWidth');
  sum.sentHeight = num(entry, 'frameHeight');
}

function addPair(sum: Sample, entry: Entry): void {
  if (entry['nominated'] !== true || entry['state'] !== 'succeeded') return;
  if (typeof entry['currentRoundTripTime'] === 'number') sum.rtt = entry['currentRoundTripTime'] * 1000;
}

export function rates(before: Sample, now: Sample): Stats {
  const seconds = Math.max(0.001, (now.at - before.at) / 1000);
  const per = (key: 'received' | 'sent' | 'audioReceived' | 'audioSent' | 'frames' | 'framesSent'): number =>
    Math.max(0, now[key] - before[key]) / seconds;
  const kbps = (bytes: number): number => (bytes * 8) / 1000;
  const lost = Math.max(0, now.lost - before.lost);
  const arrived = Math.max(0, now.packets - before.packets);
  return {
    videoIn: kbps(per('received')),
    videoOut: kbps(per('sent')),
    audioIn: kbps(per('audioReceived')),
    audioOut: kbps(per('audioSent')),
    fpsIn: per('frames'),
    fpsOut: per('framesSent'),
    loss: lost + arrived === 0 ? 0 : lost / (lost + arrived),
    width: now.width,
    height: now.height,
    sentWidth: now.sentWidth,
    sentHeight: now.sentHeight,
    rtt: now.rtt,
  };
}
