// Measures what a page receives: pixels of a <video> and the levels of tones.
import assert from 'node:assert/strict';

// Never is what a probe throws when waiting is no use: what must not be, is.
export class Never extends Error {}

// until calls probe until it returns something true and returns that; after the
// limit, which is generous to slow machines, it fails with the last value seen.
export async function until(what, probe, { seconds = 60, every = 200 } = {}) {
  const end = Date.now() + seconds * 1000;
  let last;
  for (;;) {
    try {
      last = await probe();
      if (last) {
        return last;
      }
    } catch (error) {
      if (error instanceof Never) {
        throw error;
      }
      last = error;
    }
    if (Date.now() > end) {
      const seen = last instanceof Error ? last.message : JSON.stringify(last);
      assert.fail(`${what}: not within ${seconds} s; last: ${seen}`);
    }
    await new Promise((resolve) => setTimeout(resolve, every));
  }
}

// pixels returns the mean colour of 8x8 pixels around each point of a video; points
// are in shares of its size. Empty while there is no picture.
export function pixels(page, selector, points) {
  return page.evaluate(
    (selector, points) => {
      const video = document.querySelector(selector);
      if (!video || !video.videoWidth) {
        return [];
      }
      const canvas = document.createElement('canvas');
      canvas.width = video.videoWidth;
      canvas.height = video.videoHeight;
      const context = canvas.getContext('2d');
      context.drawImage(video, 0, 0);
      return points.map(([x, y]) => {
        const left = Math.round(x * canvas.width) - 4;
        const top = Math.round(y * canvas.height) - 4;
        const { data } = context.getImageData(left, top, 8, 8);
        const sum = [0, 0, 0];
        for (let i = 0; i < data.length; i += 4) {
          sum[0] += data[i];
          sum[1] += data[i + 1];
          sum[2] += data[i + 2];
        }
        return sum.map((s) => Math.round((s * 4) / data.length));
      });
    },
    selector,
    points,
  );
}

export function size(page, selector) {
  return page.evaluate((selector) => {
    const video = document.querySelector(selector);
    return video ? [video.videoWidth, video.videoHeight] : [0, 0];
  }, selector);
}

// near tells whether two colours are the same after a codec's and a converter's
// rounding: 36 of 255 in each channel. The cast's colours are 90 apart and more.
export function near(got, want) {
  return Boolean(got) && got.every((value, i) => Math.abs(value - want[i]) <= 36);
}

// levels listens for the given seconds and returns the highest level of each tone
// in dBFS. It takes the sound of every media element of the page.
export function levels(page, tones, seconds = 3) {
  return page.evaluate(
    async (tones, seconds) => {
      const context = new AudioContext({ sampleRate: 48000 });
      await context.resume();
      const analyser = new AnalyserNode(context, { fftSize: 8192, smoothingTimeConstant: 0, minDecibels: -120, maxDecibels: 0 });
      const tracks = [...document.querySelectorAll('video, audio')]
        .filter((element) => element.srcObject && !element.muted)
        .flatMap((element) => element.srcObject.getAudioTracks());
      for (const track of new Set(tracks)) {
        context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
      }
      const bins = new Float32Array(analyser.frequencyBinCount);
      const best = tones.map(() => -120);
      const end = performance.now() + seconds * 1000;
      while (performance.now() < end) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        analyser.getFloatFrequencyData(bins);
        tones.forEach((tone, i) => {
          const middle = Math.round((tone * analyser.fftSize) / context.sampleRate);
          for (let bin = middle - 2; bin <= middle + 2; bin++) {
            best[i] = Math.max(best[i], Math.round(bins[bin]));
          }
        });
      }
      await context.close();
      return best;
    },
    tones,
    seconds,
  );
}
