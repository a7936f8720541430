// A moderator arranges the canvas: what he does is on everybody's screen.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { steps } from '../lib/assert.js';
import { cast, cleanUp } from '../lib/fakes.js';
import { near, pixels, until } from '../lib/measure.js';
import { arrive, canvas, places, waitForCells, waitForLayout } from '../lib/meeting.js';
import { start } from '../lib/server.js';

const room = '3601';
const { alice, bob, carol } = cast;
const id = (name) => `[data-testid="${name}"]`;
const golden = fileURLToPath(new URL('../../../mcu/decor/testdata/readable-640x360.png', import.meta.url));
let server;
const here = [];
const step = steps(() => ({ server, pages: here }));
const member = {}; // id by name

before(async () => {
  server = await start();
  for (const person of [alice, bob, carol]) {
    const role = person === alice ? 'moderator' : 'participant';
    await arrive(person, (await server.invite(room, role)).link, here);
    member[person.name] = here.length; // ids count from 1 in a new server
  }
  // The video floor would follow whoever speaks up.
  await server.ctl(room, 'vid-floor', String(member.Alice), 'force');
});
after(async () => {
  await Promise.allSettled(here.map(({ browser }) => browser.close()));
  await server?.stop();
  cleanUp();
});

// everybody waits until all see these people at these points.
async function everybody(wanted) {
  for (const who of here) {
    await waitForCells(who, canvas, wanted);
  }
}

step('the moderator picks a layout and all screens show it', async () => {
  const { page } = here[0];
  await until('the layout button', () => page.$(id('layouts')));
  await page.click(id('layouts'));
  await page.waitForSelector('[data-testid="layout"][data-layout="1up_top_left+5"]', { visible: true });
  await page.click('[data-testid="layout"][data-layout="1up_top_left+5"]');
  const [large, second, third] = places['1up_top_left+5'];
  await everybody([{ person: alice, at: large }, { person: bob, at: second }, { person: carol, at: third }]);
});

step('a reservation id puts a member where the layout says', async () => {
  assert.match(await server.ctl(room, 'vid-layout', '3up+4'), /^\+OK Change canvas 1 to layout \[3up\+4\]/);
  assert.match(await server.ctl(room, 'vid-res-id', String(member.Carol), 'secondary'), /^\+OK reservation_id secondary/);
  const [first, secondary, , small] = places['3up+4'];
  await everybody([{ person: alice, at: first }, { person: carol, at: secondary }, { person: bob, at: small }]);
  await server.ctl(room, 'vid-res-id', 'all', 'clear');
});

step('the overlay lies where the pictures are', async () => {
  await server.ctl(room, 'vid-layout', '2x2');
  for (const { page, person } of here) {
    await until(`${person.name}'s overlay`, () => page.evaluate((selectors, people) => {
      const video = document.querySelector(selectors.canvas).getBoundingClientRect();
      const scale = Math.min(video.width / 16, video.height / 9);
      const left = video.left + (video.width - 16 * scale) / 2;
      const top = video.top + (video.height - 9 * scale) / 2;
      const cells = [...document.querySelectorAll(selectors.cell)];
      return people.every((name, i) => {
        const cell = cells.find((cell) => cell.getAttribute('aria-label')?.includes(name));
        if (!cell) throw new Error(`no cell of ${name}: ${cells.map((c) => c.getAttribute('aria-label'))}`);
        const box = cell.getBoundingClientRect();
        const want = [left + (i % 2) * 8 * scale, top + Math.floor(i / 2) * 4.5 * scale];
        return Math.abs(box.left - want[0]) < 3 && Math.abs(box.top - want[1]) < 3;
      });
    }, { canvas, cell: id('cell') }, ['Alice', 'Bob', 'Carol']));
  }
});

step('a banner can be read', async () => {
  assert.equal(await server.ctl(room, 'vid-banner', String(member.Bob), '{fg=#ffffff,bg=#000000}Élan Vital'), '+OK\n');
  const mask = (await readFile(golden)).toString('base64');
  for (const { page, person } of here) {
    await until(`${person.name} reads the banner`, async () => {
      const agree = await page.evaluate(readBanner, canvas, `data:image/png;base64,${mask}`);
      if (agree.ink > 0.9 && agree.paper > 0.97) {
        return true;
      }
      throw new Error(JSON.stringify(agree));
    });
  }
  await server.ctl(room, 'vid-banner', String(member.Bob), 'clear');
});

// readBanner compares the lower edge of the second cell of 2x2 with the picture of
// the same bar: shares of its clearly bright and clearly dark pixels that are so here.
async function readBanner(selector, url) {
  const image = new Image();
  image.src = url;
  await image.decode();
  const video = document.querySelector(selector);
  const read = (draw, width, height) => {
    const surface = new OffscreenCanvas(width, height).getContext('2d');
    draw(surface);
    return surface.getImageData(0, 0, width, height).data;
  };
  const want = read((to) => to.drawImage(image, 0, 0), image.width, image.height);
  const left = video.videoWidth / 2;
  const top = video.videoHeight / 2 - image.height;
  const got = read((to) => to.drawImage(video, -left, -top), image.width, image.height);
  const tally = { ink: [0, 0], paper: [0, 0] };
  for (let i = 0; i < want.length; i += 4) {
    const kind = want[i] > 210 ? 'ink' : want[i] < 30 ? 'paper' : undefined;
    if (kind) {
      tally[kind][0]++;
      tally[kind][1] += (got[i] > 128) === (kind === 'ink') ? 1 : 0;
    }
  }
  return { ink: tally.ink[1] / tally.ink[0], paper: tally.paper[1] / tally.paper[0], width: video.videoWidth };
}

step('a personal canvas lacks oneself and nobody else', async () => {
  assert.match(await server.ctl(room, 'vid-layout', 'group:grid'), /^\+OK/);
  assert.match(await server.ctl(room, 'vid-watching-canvas', String(member.Bob), 'personal'), /^\+OK/);
  const [, second] = here;
  await waitForLayout(second, canvas, '2x1', [alice, carol]);
  await waitForLayout(here[0], canvas, '1x1+2x1', [alice, bob, carol]);
  assert.match(await server.ctl(room, 'vid-watching-canvas', String(member.Bob), '1'), /^\+OK/);
  await waitForLayout(second, canvas, '1x1+2x1', [alice, bob, carol]);
});

step('the canvas changes its size in the running room', async () => {
  assert.match(await server.ctl(room, 'vid-res', '640x360'), /^\+OK Resolution set to \[640x360\]/);
  for (const { page, person } of here) {
    await until(`${person.name}'s smaller picture`, () => page.evaluate(
      (canvas) => document.querySelector(canvas).videoWidth === 640, canvas));
  }
  for (const who of here) {
    await waitForLayout(who, canvas, '1x1+2x1', [alice, bob, carol]);
  }
});

step('a participant cannot arrange others', async () => {
  const [, { page }] = here;
  assert.equal(await page.$(id('layouts')), null);
  const seen = await pixels(page, canvas, [[0.5, 0.25]]);
  assert.ok(near(seen[0], alice.color), `Alice's cell shows ${seen[0]}`);
});

step('no page reported an error', () => {
  for (const { person, errors } of here) {
    assert.deepEqual(errors, [], person.name);
  }
});
