// Stock clients, unmodified: npm verto 0.1.1, FreeSWITCH's own verto.js, and npm
// @signalwire/js 1.5.0. They log in as users of a directory file and call 3500.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { hears } from '../lib/assert.js';
import { chromium, open } from '../lib/browsers.js';
import { cast, cleanUp } from '../lib/fakes.js';
import { size, until } from '../lib/measure.js';
import { arrive, canvas, press, waitForLayout } from '../lib/meeting.js';
import { servePages } from '../lib/pages.js';
import { start } from '../lib/server.js';

const { alice, dave } = cast;
let server, pages;

before(async () => {
  server = await start({ users: [['1000', 'secret-1000'], ['1001', 'secret-1001']] });
  pages = await servePages();
});
after(async () => {
  await pages?.stop();
  await server?.stop();
  cleanUp();
});

// withStock opens a page of a stock client as the user and closes it in the end.
async function withStock(name, login, passwd, use) {
  const browser = await chromium(dave);
  try {
    const query = new URLSearchParams({ socket: server.socket, login, passwd, destination: '3500' });
    await use({ ...(await open(browser, `${pages.url}/${name}.html?${query}`)), browser, person: dave });
  } finally {
    await browser.close();
  }
}

// meets lets Alice join with the web client: both see and hear each other.
async function meets(stock, selector) {
  const present = [];
  try {
    const guest = await arrive(alice, (await server.invite('3500')).link, present);
    await waitForLayout(stock, selector, '2x1', [alice, dave]);
    await waitForLayout(guest, canvas, '2x1', [alice, dave]);
    await hears(stock, [alice]);
    await hears(guest, [dave]);
    const seen = await stock.page.evaluate(() => window.seen.rows);
    await press(guest, 'leave'); // whoever only closes his browser has a place for two minutes
    return seen;
  } finally {
    await Promise.all(present.map(({ browser }) => browser.close()));
  }
}

test('verto.js calls 3500 and sees the live array', async () => {
  await withStock('verto', '1000', 'secret-1000', async (stock) => {
    await waitForLayout(stock, '#webcam', '1x1', [dave]);
    assert.deepEqual(await size(stock.page, '#webcam'), [1920, 1080]);
    const { rows, join } = await until('its row', () => stock.page.evaluate(() => window.seen.rows.length === 1 && window.seen));
    assert.equal(rows[0].name, 'Stock');
    assert.equal(rows[0].status.video.mediaFlow, 'sendRecv');
    assert.equal(join.action, 'conference-liveArray-join');
    const both = await meets(stock, '#webcam');
    assert.deepEqual(both.map(({ name }) => name).sort(), ['Alice', 'Stock']);
    await stock.page.evaluate(() => window.call.hangup());
    await until('the end', () => stock.page.evaluate(() => window.seen.states.at(-1) === 'destroy'));
  });
});

test('verto.js with a wrong password is refused', async () => {
  await withStock('verto', '1001', 'wrong', async (stock) => {
    await until('the refusal', () => stock.page.evaluate(() => window.seen.login === false));
  });
});

test('@signalwire/js calls 3500 and sees the live array', async () => {
  await withStock('signalwire', '1000', 'secret-1000', async (stock) => {
    await waitForLayout(stock, '#remote', '1x1', [dave]);
    await until('its row', () => stock.page.evaluate(() => Object.values(window.seen.rows).includes('Stock')));
    const both = await meets(stock, '#remote');
    assert.deepEqual(Object.values(both).sort(), ['Alice', 'Stock']);
    await stock.page.evaluate(() => window.call.hangup());
    await until('the end', () => stock.page.evaluate(() => window.seen.states.includes('destroy')));
  });
});
