// Proves the harness without a server: cameras, tones and what is measured of them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { chromium, firefox, open } from '../lib/browsers.js';
import { cast, cleanUp } from '../lib/fakes.js';
import { levels, near, pixels, size, until } from '../lib/measure.js';
import { servePages } from '../lib/pages.js';

let pages;
before(async () => { pages = await servePages(); });
after(async () => { await pages.stop(); cleanUp(); });

test('Chromium: colour, moving bar and tone come back', async () => {
  const browser = await chromium(cast.alice);
  try {
    const { page, errors } = await open(browser, `${pages.url}/loopback.html`);
    await until('the colour', async () => near((await pixels(page, '#received', [[0.5, 0.5]]))[0], cast.alice.color));
    assert.ok(!near((await pixels(page, '#received', [[0.5, 0.5]]))[0], cast.bob.color), 'the colours are told apart');
    await until('the bar', async () => near((await pixels(page, '#received', [[0.5, 0.94]]))[0], [255, 207, 207]), { every: 50 });
    assert.deepEqual(await size(page, '#received'), [640, 360]);
    const [own, other] = await levels(page, [cast.alice.tone, cast.bob.tone]);
    assert.ok(own > -45 && own - other > 25, `own tone ${own} dB, another ${other} dB`);
    assert.deepEqual(errors, []);
  } finally {
    await browser.close();
  }
});

test('Firefox: changing colour and tone come back', async () => {
  const browser = await firefox(cast.dave);
  try {
    const { page, errors } = await open(browser, `${pages.url}/loopback.html`);
    const center = async () => (await pixels(page, '#received', [[0.25, 0.25]]))[0];
    const first = await until('a picture', center);
    await until('another colour', async () => !near(await center(), first));
    const [own, other] = await levels(page, [cast.dave.tone, cast.bob.tone]);
    assert.ok(own > -45 && own - other > 25, `own tone ${own} dB, another ${other} dB`);
    assert.deepEqual(errors, []);
  } finally {
    await browser.close();
  }
});
