// How loud a track is, for meters.

/** Root mean square of samples in [-1, 1] as a share of a meter that begins at -60 dBFS and is full at -10. */
export function meterShare(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const dB = 10 * Math.log10(sum / Math.max(1, samples.length) + 1e-12);
  return Math.min(1, Math.max(0, (dB + 60) / 50));
}

let shared: AudioContext | undefined;

/** One context for all meters: browsers allow few. It sleeps until the user has touched the page. */
function context(): AudioContext {
  shared ??= new AudioContext();
  return shared;
}

/** Resumes measuring; to be called from a user's gesture. */
export function wakeMeters(): void {
  if (shared?.state === 'suspended') void shared.resume().catch(() => undefined);
}

/** Reports the level of a track ten times a second until the function returned is called. */
export function watchLevel(track: MediaStreamTrack, report: (share: number) => void): () => void {
  const audio = context();
  const source = audio.createMediaStreamSource(new MediaStream([track]));
  const analyser = audio.createAnalyser();
  analyser.fftSize = 1024;
  source.connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    report(meterShare(samples));
  }, 100);
  wakeMeters();
  return () => {
    clearInterval(timer);
    source.disconnect();
  };
}
