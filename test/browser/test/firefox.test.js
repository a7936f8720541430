// The meeting of three with one Firefox among them.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { hears, steps } from '../lib/assert.js';
import { firefox } from '../lib/browsers.js';
import { cast, cleanUp } from '../lib/fakes.js';
import { near, pixels, until } from '../lib/measure.js';
import { arrive, canvas, grid, members, press, waitForLayout } from '../lib/meeting.js';
import { start } from '../lib/server.js';

const room = '3600';
const { alice, bob } = cast;
const fox = { ...cast.carol, color: null }; // Firefox's fake camera changes its colour
let server;
const here = [];
const step = steps(() => ({ server, pages: here }));

before(async () => { server = await start(); });
after(async () => {
  await Promise.allSettled(here.map(({ browser }) => browser.close()));
  await server?.stop();
  cleanUp();
});

step('two Chromium and one Firefox see and hear each other', async () => {
  await arrive(alice, (await server.invite(room)).link, here);
  await arrive(bob, (await server.invite(room)).link, here);
  await arrive(fox, (await server.invite(room)).link, here, firefox);
  for (const who of here) {
    await waitForLayout(who, canvas, '1x1+2x1', [alice, bob, fox]);
    await until('three rows', async () => (await members(who)).length === 3);
  }
  await until("Firefox's cell to change", () => changes(here[0].page));
  for (const who of here) {
    await hears(who, [alice, bob, fox].filter((person) => person !== who.person));
  }
});

// changes tells whether the one cell that is neither Alice's nor Bob's shows another
// colour after a while: a camera, not an avatar.
async function changes(page) {
  const cell = async () => (await pixels(page, canvas, grid['1x1+2x1'].cells))
    .find((got) => !near(got, alice.color) && !near(got, bob.color));
  const first = await cell();
  await new Promise((resolve) => setTimeout(resolve, 1500));
  return first && !near(first, (await cell()) ?? first);
}

step('the layout follows the one who leaves', async () => {
  await press(here[0], 'leave');
  for (const who of here.slice(1)) {
    await waitForLayout(who, canvas, '2x1', [bob, fox]);
  }
});

step('no page reported an error', () => {
  for (const { person, errors } of here) {
    assert.deepEqual(errors, [], person.name);
  }
});
