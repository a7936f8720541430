import { describe, expect, it } from 'vitest';
import { strings } from '../strings';
import { meterShare } from './level';
import { explain, mayRetry, problemOf } from './problems';
import { rates, sample } from './stats';

describe('device problems', () => {
  it.each([
    [new DOMException('Permission denied', 'NotAllowedError'), 'denied'],
    [new DOMException('Permission dismissed', 'NotAllowedError'), 'dismissed'],
    [new DOMException('Permission denied by system', 'NotAllowedError'), 'deniedBySystem'],
    [new DOMException('', 'NotFoundError'), 'missing'],
    [new DOMException('', 'OverconstrainedError'), 'missing'],
    [new DOMException('Could not start video source', 'NotReadableError'), 'busy'],
    [new TypeError('strange'), { other: 'strange' }],
    ['text', { other: 'text' }],
  ])('%s is %j', (error, want) => expect(problemOf(error)).toEqual(want));

  it('are said once when they are the same for both', () => {
    expect(explain({ audio: 'denied', video: 'denied' })).toEqual([strings.problems.denied(strings.problems.both)]);
    expect(explain({ audio: 'busy', video: 'missing' })).toEqual([
      strings.problems.busy(strings.problems.mic),
      strings.problems.missing(strings.problems.camera),
    ]);
    expect(explain({})).toEqual([]);
  });

  it('can be tried again where that may help', () => {
    expect([mayRetry('denied'), mayRetry('insecure'), mayRetry(undefined)]).toEqual([true, false, false]);
  });
});

describe('level', () => {
  it.each([
    ['silence', 0, 0],
    ['a whisper of -60 dBFS', 0.001, 0],
    ['speech of -35 dBFS', 10 ** (-35 / 20), 0.5],
    ['a shout', 0.9, 1],
  ])('of %s', (_, amplitude, want) => expect(meterShare(new Float32Array(64).fill(amplitude))).toBeCloseTo(want, 3));
});

describe('statistics', () => {
  const report = (n: number) => [
    { type: 'inbound-rtp', kind: 'video', bytesReceived: 125_000 * n, framesDecoded: 30 * n, frameWidth: 1280, frameHeight: 720, packetsReceived: 99 * n, packetsLost: n },
    { type: 'inbound-rtp', kind: 'audio', bytesReceived: 5_000 * n, packetsReceived: 0, packetsLost: 0 },
    { type: 'outbound-rtp', kind: 'video', bytesSent: 50_000 * n, framesEncoded: 15 * n, frameWidth: 640, frameHeight: 360 },
    { type: 'outbound-rtp', kind: 'audio', bytesSent: 4_000 * n },
    { type: 'candidate-pair', nominated: false, state: 'succeeded', currentRoundTripTime: 9 },
    { type: 'candidate-pair', nominated: true, state: 'succeeded', currentRoundTripTime: 0.025 },
    { type: 'codec' },
  ];

  it('are rates between two reports', () => {
    expect(rates(sample(report(1), 1000), sample(report(3), 3000))).toEqual({
      videoIn: 1000,
      videoOut: 400,
      audioIn: 40,
      audioOut: 32,
      fpsIn: 30,
      fpsOut: 15,
      loss: 0.01,
      width: 1280,
      height: 720,
      sentWidth: 640,
      sentHeight: 360,
      rtt: 25,
    });
  });

  it('are never negative after a new connection', () => {
    const { videoIn, loss } = rates(sample(report(3), 1000), sample(report(1), 2000));
    expect([videoIn, loss]).toEqual([0, 0]);
  });
});
