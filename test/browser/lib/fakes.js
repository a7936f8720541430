// Fake cameras and microphones for Chromium: a Y4M file and a WAV file that the
// browser plays in a loop. Every participant has a colour and a tone of its own.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

// Files lie here, not in /tmp: a browser from a snap does not see that. The folder
// is unique to the process and removed by cleanUp.
const out = fileURLToPath(new URL('../out/', import.meta.url));
export const folder = path.join(out, `run-${process.pid}`);
mkdirSync(folder, { recursive: true });

export function cleanUp() {
  rmSync(folder, { recursive: true, force: true });
}

// The frequencies are no multiples of each other and far enough apart for the
// analyser's resolution of 12 Hz.
export const cast = {
  alice: { name: 'Alice', color: [200, 40, 40], tone: 520 },
  bob: { name: 'Bob', color: [40, 170, 60], tone: 1130 },
  carol: { name: 'Carol', color: [50, 70, 210], tone: 1870 },
  dave: { name: 'Dave', color: [200, 170, 30], tone: 2690 },
};

// yuv converts an 8-bit RGB colour to BT.601 limited range.
export function yuv([r, g, b]) {
  return [
    16 + (65.481 * r + 128.553 * g + 24.966 * b) / 255,
    128 + (-37.797 * r - 74.203 * g + 112 * b) / 255,
    128 + (112 * r - 93.786 * g - 18.214 * b) / 255,
  ].map(Math.round);
}

// camera writes a 640x360 camera of one colour. A lighter bar wanders along its lower
// eighth, so that every frame differs while the middle stays flat.
export function camera({ name, color }) {
  const [width, height, frames] = [640, 360, 30];
  const file = path.join(folder, `${name}.y4m`);
  const [y, u, v] = yuv(color);
  const chroma = (width / 2) * (height / 2);
  const still = Buffer.alloc(width * height + 2 * chroma, y);
  still.fill(u, width * height, width * height + chroma).fill(v, width * height + chroma);
  const parts = [Buffer.from(`YUV4MPEG2 W${width} H${height} F15:1 Ip A1:1 C420mpeg2\n`)];
  const bar = width / 5;
  for (let i = 0; i < frames; i++) {
    const frame = Buffer.from(still);
    for (let row = (height * 7) / 8; row < height; row++) {
      const left = row * width + Math.floor((i * (width - bar)) / frames);
      frame.fill(235, left, left + bar);
    }
    parts.push(Buffer.from('FRAME\n'), frame);
  }
  writeFileSync(file, Buffer.concat(parts));
  return file;
}

// microphone writes three seconds of a tone that swells four times a second:
// noise suppression takes a steady tone for noise and removes it.
export function microphone({ name, tone }) {
  const [rate, seconds, swells] = [48000, 3, 4];
  const file = path.join(folder, `${name}.wav`);
  const samples = rate * seconds;
  const wav = Buffer.alloc(44 + samples * 2);
  wav.write('RIFF', 0);
  wav.writeUInt32LE(36 + samples * 2, 4);
  wav.write('WAVEfmt ', 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20); // PCM
  wav.writeUInt16LE(1, 22); // mono
  wav.writeUInt32LE(rate, 24);
  wav.writeUInt32LE(rate * 2, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36);
  wav.writeUInt32LE(samples * 2, 40);
  for (let i = 0; i < samples; i++) {
    const swell = (1 - Math.cos((2 * Math.PI * swells * i) / rate)) / 2;
    wav.writeInt16LE(Math.round(9000 * swell * Math.sin((2 * Math.PI * tone * i) / rate)), 44 + i * 2);
  }
  writeFileSync(file, wav);
  return file;
}
