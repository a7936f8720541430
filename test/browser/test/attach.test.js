// Whoever loses the page, the socket or the whole network comes back as the same
// member, and nobody is there twice.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { steps } from '../lib/assert.js';
import { open } from '../lib/browsers.js';
import { plug } from '../lib/cable.js';
import { cast, cleanUp } from '../lib/fakes.js';
import { until } from '../lib/measure.js';
import { arrive, canvas, ended, inRoom, press, row, rows, say, chat, waitForLayout } from '../lib/meeting.js';
import { start } from '../lib/server.js';

const room = '3803'; // a small picture: this is not about pixels
const { alice, bob } = cast;
const id = (name) => `[data-testid="${name}"]`;
let server, cable;
const here = [];
const step = steps(() => ({ server, pages: here }));
const member = {}; // id by name

before(async () => {
  server = await start();
  cable = await plug(server);
  await arrive(alice, (await server.invite(room, 'moderator')).link, here);
  const { link } = await server.invite(room);
  const init = `${cable.init}; (${clock})('${canvas}', '${id('join-button')}')`;
  await arrive(bob, cable.link(link), here, undefined, { init });
  for (const { person } of here) {
    member[person.name] = (await row(here[0], person.name)).id;
  }
});
after(async () => {
  await Promise.allSettled(here.map(({ browser }) => browser.close()));
  await cable?.remove();
  await server?.stop();
  cleanUp();
});

// clock runs in the page: when did it begin to show the meeting, and did it ever ask
// to join.
function clock(canvas, form) {
  const look = () => {
    window.asked ||= Boolean(document.querySelector(form));
    if (document.querySelector(canvas)?.videoWidth > 0) {
      window.pictureAt = performance.now();
    } else {
      setTimeout(look, 10);
    }
  };
  look();
}

// same asserts that both pages list both people once, as the members they were.
async function same(whose = here) {
  for (const who of whose) {
    await until(`two rows with ${who.person.name}`, async () => {
      const all = await rows(who);
      const ids = Object.values(all).map(({ id }) => id).sort();
      const count = await who.page.$$eval(id('member-row'), (rows) => rows.length);
      if (count !== 2 || ids.join() !== `${member.Alice},${member.Bob}` || Object.values(all).some(({ detached }) => detached)) {
        throw new Error(JSON.stringify(all));
      }
      return true;
    });
  }
}

step('a page that is loaded anew is back at once, as the same member', async () => {
  const [, second] = here;
  await say(second, 'Before the reload');
  await until('the line', async () => (await chat(second)).includes('Before the reload'));
  const times = [];
  for (let i = 0; i < 3; i++) {
    await second.page.reload({ waitUntil: 'domcontentloaded' });
    times.push(Math.round(await until('the picture', () => second.page.evaluate(() => window.pictureAt), { every: 20 })));
    assert.equal(await second.page.evaluate(() => window.asked), false, 'it asked to join');
    await same();
  }
  console.log(`# reload: the picture is back after ${times.join(', ')} ms`);
  await waitForLayout(here[0], canvas, '2x1', [alice, bob]);
  await waitForLayout(second, canvas, '2x1', [alice, bob]);
  await until('what was said before', async () => (await chat(second)).includes('Before the reload'));
});

step('the switches are as they were', async () => {
  const [first, second] = here;
  await press(second, 'mic');
  await row(first, 'Bob', ({ muted }) => muted);
  await second.page.reload();
  await inRoom(second);
  await same();
  assert.equal((await rows(first)).Bob.muted, true);
  assert.equal(await second.page.$eval(id('mic'), (button) => button.dataset.state), 'off');
  await press(second, 'mic');
  await row(first, 'Bob', ({ muted }) => !muted);
});

step('a second tab with the session takes over, and the first can take it back', async () => {
  const [, second] = here;
  const kept = await second.page.evaluate(() => JSON.stringify(sessionStorage));
  const url = second.page.url();
  const init = `${cable.init}; if (!sessionStorage.length) Object.assign(sessionStorage, ${kept})`;
  const tab = { ...second, ...(await open(second.browser, url, { init })) };
  await inRoom(tab);
  await ended(second, 'elsewhere');
  await same([here[0], tab]);
  await second.page.bringToFront();
  await press(second, 'rejoin');
  await inRoom(second);
  await ended(tab, 'elsewhere');
  await same();
  assert.deepEqual(tab.errors, []);
  await tab.page.close();
});

step('twenty seconds without a network are survived', async () => {
  const [first, second] = here;
  cable.pull();
  await until('the banner', () => second.page.$(id('banner')));
  await row(first, 'Bob', ({ detached }) => detached);
  await new Promise((resolve) => setTimeout(resolve, 20_000)); // as long as it takes
  assert.ok(await second.page.$(id('room')), 'the meeting has gone from the page');
  const mended = Date.now();
  cable.mend();
  await until('the end of the banner', async () => !(await second.page.$(id('banner'))));
  console.log(`# network: back ${Date.now() - mended} ms after it was there again`);
  await same();
  await waitForLayout(first, canvas, '2x1', [alice, bob]);
  await moves(second);
});

step('media alone may be lost', async () => {
  const [first, second] = here;
  cable.pull(true);
  await until('the banner', () => second.page.$(id('banner')));
  await new Promise((resolve) => setTimeout(resolve, 10_000)); // longer than an interruption heals by itself
  const mended = Date.now();
  cable.mend();
  await until('the end of the banner', async () => !(await second.page.$(id('banner'))));
  console.log(`# media: back ${Date.now() - mended} ms after it was there again`);
  await same();
  await waitForLayout(first, canvas, '2x1', [alice, bob]);
  await moves(second);
});

// moves asserts that a page gets new frames.
async function moves({ page, person }) {
  const frames = () => page.$eval(canvas, (video) => video.getVideoPlaybackQuality().totalVideoFrames);
  const before = await frames();
  await until(`${person.name}'s picture moves`, async () => (await frames()) !== before);
}

step('no page reported an error but what the cable did', () => {
  for (const { person, errors } of here) {
    assert.deepEqual(errors.filter((error) => !/WebSocket connection to .* failed|Failed to load resource/.test(error)), [], person.name);
  }
});
