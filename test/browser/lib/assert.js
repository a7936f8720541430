// Assertions of meetings that several tests share.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { levels, Never, until } from './measure.js';

// hears asserts which tones of others a page receives and that its own is absent.
// A tone counts as heard above -50 dBFS and as absent 25 dB below the faintest one
// that is heard. On a busy machine a browser may be silent for seconds: then it is
// listened to again; its own tone must never be heard.
export async function hears({ page, person }, others) {
  await until(`${person.name} hears ${others.map(({ name }) => name)}`, async () => {
    const measured = await levels(page, [person, ...others].map(({ tone }) => tone), 4);
    const [own, ...heard] = measured;
    const report = `${person.name} hears itself at ${own} dB, ${others.map(({ name }, i) => `${name} at ${heard[i]} dB`)}`;
    if (own > -50) {
      throw new Never(report);
    }
    if (heard.some((level) => level <= -50) || own >= Math.min(...heard) - 25) {
      throw new Error(report);
    }
    return true;
  });
}

// silent asserts that a page does not receive the person's tone.
export async function silent({ page }, person) {
  const [level] = await levels(page, [person.tone], 3);
  assert.ok(level < -60, `${person.name} is heard at ${level} dB`);
}

// steps returns a test function for tests that build on each other: after one has
// failed the others fail at once. On a failure it keeps a screenshot of every page
// and the server's log in out/failed.
export function steps(evidence) {
  let failed;
  return (name, run) => test(name, async () => {
    assert.ok(!failed, `after "${failed}" failed`);
    try {
      await run();
    } catch (error) {
      failed = name;
      await keep(name, evidence()).catch((reason) => console.error('no evidence kept:', reason));
      throw error;
    }
  });
}

async function keep(name, { server, pages }) {
  const dir = fileURLToPath(new URL(`../out/failed/${name.replaceAll(/\W+/g, '-')}/`, import.meta.url));
  mkdirSync(dir, { recursive: true });
  writeFileSync(`${dir}server.log`, server.log.join('\n'));
  for (const { page, person, errors } of pages) {
    writeFileSync(`${dir}${person.name}.txt`, `${await page.evaluate(() => document.body.innerText)}\n\n${errors.join('\n')}`);
    await page.screenshot({ path: `${dir}${person.name}.png` });
  }
}
