// Three people meet with the web client, a stock client joins as the fourth, and
// they leave one after the other.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { hears, silent, steps } from '../lib/assert.js';
import { chromium, open } from '../lib/browsers.js';
import { cast, cleanUp } from '../lib/fakes.js';
import { levels, size, until } from '../lib/measure.js';
import { arrive, canvas, chat, members, press, row, say, waitForLayout } from '../lib/meeting.js';
import { servePages } from '../lib/pages.js';
import { start } from '../lib/server.js';

const room = '3600';
const { alice, bob, carol, dave } = cast;
let server, pages, stock;
const here = [];
const step = steps(() => ({ server, pages: [...here, stock].filter(Boolean) }));

before(async () => {
  server = await start({ users: [['1000', 'secret-1000']], flags: ['--detach-timeout', '10s'] });
  pages = await servePages();
});
after(async () => {
  await Promise.allSettled([...here, stock].filter(Boolean).map(({ browser }) => browser.close()));
  await pages?.stop();
  await server?.stop();
  cleanUp();
});

step('three join, see each other and list three', async () => {
  for (const person of [alice, bob, carol]) {
    await arrive(person, (await server.invite(room)).link, here, chromium, { hasty: person === carol });
  }
  for (const who of here) {
    await waitForLayout(who, canvas, '1x1+2x1', [alice, bob, carol]);
    assert.deepEqual(await size(who.page, canvas), [1280, 720]);
    const rows = await until('three rows', async () => {
      const rows = await members(who);
      return rows.length === 3 && rows;
    });
    for (const { name } of [alice, bob, carol]) {
      assert.ok(rows.some((row) => row.includes(name)), `${name} is not in ${JSON.stringify(rows)}`);
    }
  }
});

step('each hears the two others and not himself', async () => {
  for (const who of here) {
    await hears(who, [alice, bob, carol].filter((person) => person !== who.person));
  }
});

step('muting stops the tone for the others', async () => {
  const [first, second] = here;
  await press(first, 'mic');
  await until('silence', async () => (await levels(second.page, [alice.tone], 0.5))[0] < -60);
  await silent(second, alice);
  await press(first, 'mic');
  await until('the tone', async () => (await levels(second.page, [alice.tone], 1))[0] > -50);
});

step('chat reaches the others', async () => {
  await say(here[0], 'Good morning');
  for (const who of here.slice(1)) {
    await until('the chat line', async () => (await chat(who)).includes('Good morning'));
  }
});

step('unmodified verto.js joins as the fourth', async () => {
  const browser = await chromium(dave);
  const query = new URLSearchParams({ socket: server.socket, login: '1000', passwd: 'secret-1000', destination: room });
  stock = { ...(await open(browser, `${pages.url}/verto.html?${query}`)), browser, person: dave };
  await waitForLayout(stock, '#webcam', '2x2', [alice, bob, carol, dave]);
  await until('four rows', () => stock.page.evaluate(() => window.seen.rows.length === 4));
  await waitForLayout(here[0], canvas, '2x2', [alice, bob, carol, dave]);
  await hears(stock, [alice, bob, carol]);
  await hears(here[0], [bob, carol, dave]);
  await stock.page.evaluate(() => window.say('Hello from stock'));
  await until('its chat line', async () => (await chat(here[1])).includes('Hello from stock'));
  await stock.page.evaluate(() => window.call.hangup());
});

step('the layout follows those who leave', async () => {
  await waitForLayout(here[0], canvas, '1x1+2x1', [alice, bob, carol]);
  const leaver = here[2];
  await press(leaver, 'leave');
  for (const who of here.slice(0, 2)) {
    await waitForLayout(who, canvas, '2x1', [alice, bob]);
    await until('two rows', async () => (await members(who)).length === 2);
    await hears(who, [alice, bob].filter((person) => person !== who.person));
  }
});

step('a browser that dies may come back for a while, and is removed then', async () => {
  const [first, second] = here;
  second.browser.process().kill('SIGKILL');
  await row(first, 'Bob', ({ detached }) => detached);
  await waitForLayout(first, canvas, '1x1', [alice], { seconds: 90 });
});

step('no page reported an error', () => {
  for (const { person, errors } of here) {
    assert.deepEqual(errors, [], person.name);
  }
});
