// The sound of a call that comes in.

/** Rings until the function returned is called. A browser that plays nothing before a click keeps silent. */
export function ring(): () => void {
  const context = new AudioContext();
  const gate = new GainNode(context, { gain: 0 });
  gate.connect(context.destination);
  const tones = [440, 480].map((frequency) => new OscillatorNode(context, { frequency }));
  for (const tone of tones) {
    tone.connect(gate);
    tone.start();
  }
  void context.resume().catch(() => undefined);
  const once = (): void => {
    for (const at of [0, 0.6]) {
      gate.gain.setTargetAtTime(0.08, context.currentTime + at, 0.02);
      gate.gain.setTargetAtTime(0, context.currentTime + at + 0.4, 0.02);
    }
  };
  once();
  const timer = setInterval(once, 3_000);
  return () => {
    clearInterval(timer);
    void context.close();
  };
}
