// Beeps with known times: a microphone that beeps twice a second, and the onsets of
// what is heard. The functions here run in pages.

// beeping replaces the page's microphone by one that beeps at 1 kHz and -12 dBFS
// for 80 ms, at odd intervals, so that an echo of a beep is not taken for the next.
export function beeping() {
  const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (constraints) => {
    if (!constraints.audio) {
      return real(constraints);
    }
    const context = new AudioContext({ sampleRate: 48000 });
    await context.resume();
    const tone = new OscillatorNode(context, { frequency: 1000 });
    const gate = new GainNode(context, { gain: 0 });
    const out = context.createMediaStreamDestination();
    tone.connect(gate).connect(out);
    tone.start();
    for (let i = 0, at = context.currentTime + 0.5; i < 2000; i++, at += [0.45, 0.62, 0.53][i % 3]) {
      gate.gain.setValueAtTime(0.25, at);
      gate.gain.setValueAtTime(0, at + 0.08);
    }
    window.microphone = out.stream;
    const stream = constraints.video ? await real({ video: constraints.video }) : new MediaStream();
    stream.addTrack(out.stream.getAudioTracks()[0].clone());
    return stream;
  };
}

// onsets listens to a stream (by what `pick` returns) for some seconds: the wall
// clock times, in ms, at which a beep began, the level of the loudest 5 ms in dBFS,
// and the strongest frequency.
export async function onsets(pick, seconds) {
  const stream = await new Function(`return (${pick})()`)();
  const context = new AudioContext({ sampleRate: 48000 });
  await context.resume();
  const near = new AnalyserNode(context, { fftSize: 256 });
  const wide = new AnalyserNode(context, { fftSize: 4096, smoothingTimeConstant: 0 });
  context.createMediaStreamSource(stream).connect(near);
  near.connect(wide);
  const samples = new Float32Array(near.fftSize);
  const bins = new Float32Array(wide.frequencyBinCount);
  const times = [];
  let quiet = 0;
  let peak = -200;
  let pitch = 0;
  const end = performance.now() + seconds * 1000;
  await new Promise((resolve) => {
    const look = () => { // every 4 ms, as fast as timers go: looking all the time starves what is measured
      const now = performance.timeOrigin + performance.now();
      near.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, x) => sum + x * x, 0) / samples.length;
      const level = 10 * Math.log10(power + 1e-20);
      if (level > -30) {
        if (now - quiet > 0 && quiet > 0) {
          times.push(now);
        }
        quiet = 0;
        if (level > peak) {
          peak = level;
          wide.getFloatFrequencyData(bins);
          pitch = (bins.indexOf(Math.max(...bins)) * context.sampleRate) / wide.fftSize;
        }
      } else if (quiet === 0) {
        quiet = now + 150; // the beep's own tail is no onset
      }
      if (performance.now() > end) {
        resolve();
      } else {
        setTimeout(look, 2);
      }
    };
    look();
  });
  await context.close();
  return { times, level: peak, pitch };
}

// loopback sends the page's microphone through two peer connections of the page:
// what a browser adds by itself.
export async function loopback() {
  const [a, b] = [new RTCPeerConnection(), new RTCPeerConnection()];
  a.onicecandidate = ({ candidate }) => candidate && b.addIceCandidate(candidate);
  b.onicecandidate = ({ candidate }) => candidate && a.addIceCandidate(candidate);
  const heard = new Promise((resolve) => { b.ontrack = ({ streams, track }) => resolve(streams[0] ?? new MediaStream([track])); });
  a.addTrack(window.microphone.getAudioTracks()[0], window.microphone);
  await a.setLocalDescription(await a.createOffer());
  await b.setRemoteDescription(a.localDescription);
  await b.setLocalDescription(await b.createAnswer());
  await a.setRemoteDescription(b.localDescription);
  window.looped = await heard;
  const player = new Audio(); // without a player Chromium decodes nothing
  player.muted = true;
  player.srcObject = window.looped;
  await player.play();
}

// delays pairs each onset with the first that follows it within 600 ms.
export function delays(sent, heard) {
  return sent.flatMap((at) => {
    const next = heard.find((h) => h >= at && h < at + 600);
    return next ? [next - at] : [];
  }).sort((x, y) => x - y);
}

export const median = (list) => list[Math.floor(list.length / 2)];
