// A moderator runs a meeting: signs, private words, the door, removals. Whoever is
// none cannot, whatever he sends. A restart of the server interrupts nothing for good.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { steps } from '../lib/assert.js';
import { chromium } from '../lib/browsers.js';
import { cast, cleanUp } from '../lib/fakes.js';
import { near, pixels, until } from '../lib/measure.js';
import {
  arrive, canvas, chat, choose, ended, inRoom, item, knock, look, places, press, row, rows, say, waitForCells,
} from '../lib/meeting.js';
import { start } from '../lib/server.js';

const room = '3804'; // a small picture: this is not about pixels
const { alice, bob, carol } = cast;
const id = (name) => `[data-testid="${name}"]`;
let server, link;
const here = [];
const step = steps(() => ({ server, pages: here }));
const member = {}; // id by name

before(async () => {
  server = await start({ users: [['1001', 'secret-1001']] });
  await arrive(alice, (await server.invite(room, 'moderator')).link, here);
  await arrive(bob, (await server.invite(room)).link, here, chromium, { init: spy });
  ({ link } = await server.invite(room));
  for (const { person } of here) {
    member[person.name] = (await row(here[0], person.name)).id;
  }
});
after(async () => {
  await Promise.allSettled(here.map(({ browser }) => browser.close()));
  await server?.stop();
  cleanUp();
});

// spy keeps the page's newest socket, what the live array began with, and lets a test
// send what no page would.
function spy() {
  const Real = window.WebSocket;
  let id = 9000;
  window.WebSocket = class extends Real {
    constructor(...parameters) {
      super(...parameters);
      window.socket = this;
      this.addEventListener('message', ({ data }) => {
        const table = JSON.parse(data).params?.data;
        if (table?.action === 'bootObj') {
          window.boot = table.data;
        }
      });
    }
  };
  window.raw = (method, params) => new Promise((resolve) => {
    const mine = ++id;
    window.socket.addEventListener('message', ({ data }) => {
      const message = JSON.parse(data);
      if (message.id === mine) {
        resolve(message.result ?? { error: message.error });
      }
    });
    window.socket.send(JSON.stringify({ jsonrpc: '2.0', method, params, id: mine }));
  });
}

// host opens the moderator's sheet and does something in it.
async function host(act) {
  const [{ page }] = here;
  await page.click(id('host'));
  await page.waitForSelector(id('host-sheet'));
  await act(page);
  if (await page.$(id('host-sheet'))) {
    await page.keyboard.press('Escape');
  }
  await until('the sheet to close', async () => !(await page.$(id('host-sheet'))));
}

// flip sets a switch of the sheet.
const flip = (name, on) => host(async (page) => {
  await page.click(id(`host-${name}`));
  await until(`${name} ${on}`, () => page.$eval(id(`host-${name}`), (button, on) => button.ariaChecked === String(on), on));
});

// third lets Carol go to the room by a fresh page, as she did before.
async function third() {
  const who = here.find(({ person }) => person === carol);
  if (!who) {
    return look(await chromium(carol), carol, link, here);
  }
  await who.page.goto('about:blank');
  await who.page.goto(link);
  await knock(who);
  return who;
}

step('hands are raised, listed first, and lowered', async () => {
  const [first, second] = here;
  await press(second, 'hand');
  await row(first, 'Bob', ({ hand }) => hand);
  assert.deepEqual(Object.keys(await rows(first)), ['Bob', 'Alice']);
  await press(first, 'member-hand');
  await row(second, 'Bob', ({ hand }) => !hand);
  assert.deepEqual(Object.keys(await rows(first)), ['Alice', 'Bob']);
});

step('a reaction floats over the picture of the one who gives it', async () => {
  const [first, second] = here;
  await press(second, 'react');
  await second.page.click('[data-emoji="🎉"]');
  await until('the reaction', () => first.page.evaluate((cell, reaction) => {
    const found = document.querySelector(reaction);
    return found?.textContent === '🎉' && found.closest('li').querySelector(cell)?.ariaLabel.includes('Bob');
  }, id('cell'), id('reaction')));
  await until('its end', async () => !(await first.page.$(id('reaction'))));
});

step('a new name is everybody\'s at once', async () => {
  const [first, second] = here;
  await press(second, 'more');
  await item(second, 'more-sheet', 'Change my name');
  await second.page.waitForSelector(id('rename-input'));
  await second.page.click(id('rename-input'), { clickCount: 3 });
  await second.page.type(id('rename-input'), 'Bob <b>Builder</b>');
  await second.page.click(id('rename-set'));
  await row(first, 'Bob <b>Builder</b>', (found) => found.id > 0);
  await choose(first, { name: 'Bob <b>Builder</b>' }, 'Change the name');
  await first.page.waitForSelector(id('rename-input'));
  await first.page.click(id('rename-input'), { clickCount: 3 });
  await first.page.type(id('rename-input'), 'Bob');
  await first.page.click(id('rename-set'));
  await row(second, 'Bob');
});

step('the moderator mutes, and mutes all', async () => {
  const [first, second] = here;
  const mic = () => second.page.$eval(id('mic'), (button) => button.dataset.state);
  await choose(first, bob, 'Mute microphone');
  await row(second, 'Bob', ({ muted }) => muted);
  await until('the switch', async () => (await mic()) === 'off');
  await press(second, 'mic');
  await row(first, 'Bob', ({ muted }) => !muted);
  await host((page) => item({ page }, 'host-sheet', 'Mute everybody'));
  await row(second, 'Bob', ({ muted }) => muted);
  assert.equal((await rows(first)).Alice.muted, false);
  await press(second, 'mic');
  await row(first, 'Bob', ({ muted }) => !muted);
});

step('a call on hold is seen to be so', async () => {
  const [first, second] = here;
  const note = () => first.page.$$eval(id('member-row'), (rows) => rows.map((row) => row.textContent).join());
  await press(second, 'more');
  await item(second, 'more-sheet', 'Put the meeting on hold');
  await until('the hold', async () => (await note()).includes('on hold'));
  await press(second, 'resume');
  await until('its end', async () => !(await note()).includes('on hold'));
});

step('a participant who sends moderator commands is refused, and nothing changes', async () => {
  const [first, second] = here;
  const mod = `conference-mod.${room}@localhost`;
  const before = JSON.stringify(await rows(first));
  const { Alice, Bob } = member;
  const commands = [
    ['kick', Alice], ['mute', Alice], ['tmute', 'all'], ['promote', Bob], ['lock'], ['pin', null, '1234'], ['lobby', null, 'on'],
    ['hand', Alice, 'on'], ['rename', Alice, 'Mallory'], ['ban', Alice], ['vid-layout', null, '1x1'], ['endconf'],
  ];
  for (const [command, about = null, value = null] of commands) {
    const data = { application: 'conf-control', command, id: about, value };
    const reply = await second.page.evaluate((eventChannel, data) => window.raw('verto.broadcast', { eventChannel, data }), mod, data);
    assert.equal(reply.code, -32002, `${command}: ${JSON.stringify(reply)}`);
  }
  const { error } = await second.page.evaluate((eventChannel) => window.raw('verto.subscribe', { eventChannel }), mod);
  assert.ok(error, 'the moderators\' channel was granted');
  const forged = { eventChannel: `conference-liveArray.${room}@localhost`, localBroadcast: true, data: { action: 'clear', name: room, wireSerno: -1 } };
  assert.equal((await second.page.evaluate((params) => window.raw('verto.broadcast', params), forged)).code, -32002);
  const bye = await second.page.evaluate(() => {
    const [callID] = window.boot.find(([, row]) => row[2] === 'Alice');
    return window.raw('verto.bye', { dialogParams: { callID } });
  });
  assert.equal(bye.error?.message, 'CALL DOES NOT EXIST');
  assert.equal(JSON.stringify(await rows(first)), before);
  assert.equal(await first.page.$(id('chips')), null, 'the room is locked');
  assert.ok(server.log.some((line) => line.includes('refused')), 'no line in the log');
});

step('a private message is for one alone, and late comers read what was public', async () => {
  const [first, second] = here;
  await say(first, 'Public words');
  await until('the public line', async () => (await chat(second)).includes('Public words'));
  await first.page.select(id('chat-to'), String(member.Bob));
  await say(first, 'Private words');
  await until('the private line', async () => (await chat(second)).includes('Private words'));
  assert.ok(await second.page.$('[data-testid="chat-line"][data-private="true"]'), 'it is not marked');
  await first.page.select(id('chat-to'), '0');
  const who = await third();
  await inRoom(who);
  await until('what was said before', async () => (await chat(who)).includes('Public words'));
  assert.ok(!(await chat(who)).includes('Private words'), 'it was told to a third');
  await press(who, 'leave');
  await ended(who, 'left');
});

step('a locked room lets nobody in', async () => {
  await flip('lock', true);
  await ended(await third(), 'locked');
  await flip('lock', false);
});

step('a PIN is asked for until it is right', async () => {
  await host(async (page) => {
    await page.click(id('host-pin'));
    await page.waitForSelector(id('host-pin-input'));
    await page.type(id('host-pin-input'), '4711');
    await page.click(id('host-pin-set'));
  });
  const { page } = await third();
  await page.waitForSelector(id('pin'));
  await page.type(id('pin'), '1111');
  await page.click(id('pin-enter'));
  await until('the refusal', async () => (await page.$eval(id('pin-hint'), (hint) => hint.getAttribute('role'))) === 'alert');
  assert.ok(!(await rows(here[0])).Carol, 'she is listed');
  await page.type(id('pin'), '4711');
  await page.click(id('pin-enter'));
  await inRoom({ page, person: carol });
  await row(here[0], 'Carol');
  await press({ page }, 'leave');
  await host(async (page) => {
    await page.click(id('host-pin'));
    await page.waitForSelector(id('host-pin-clear'));
    await page.click(id('host-pin-clear'));
  });
});

step('the lobby keeps people until they are let in, or turns them away', async () => {
  const [first] = here;
  await flip('lobby', true);
  let who = await third();
  await who.page.waitForSelector('[data-testid="door"][data-stage="admission"]');
  await first.page.waitForSelector(id('visitor'));
  assert.ok(!(await rows(first)).Carol, 'she is listed');
  await first.page.evaluate((selector) => document.querySelector(selector).click(), id('deny'));
  await ended(who, 'denied');
  who = await third();
  await first.page.waitForSelector(id('visitor'));
  await first.page.evaluate((selector) => document.querySelector(selector).click(), id('admit'));
  await inRoom(who);
  await row(first, 'Carol');
  await flip('lobby', false);
});

step('a participant becomes a moderator and is none again', async () => {
  const [first] = here;
  const who = here.find(({ person }) => person === carol);
  await choose(first, carol, 'Make moderator');
  await row(who, 'Carol', ({ role }) => role === 'moderator');
  await until('her tools', () => who.page.$(id('host')));
  await choose(first, carol, 'Take moderator role away');
  await until('the end of them', async () => !(await who.page.$(id('host'))));
});

step('who is removed is out, and who is banned stays out', async () => {
  const [first] = here;
  const out = async (button) => {
    await choose(first, carol, 'Remove');
    await first.page.waitForSelector(id(button));
    await first.page.click(id(button));
  };
  let who = here.find(({ person }) => person === carol);
  await out('remove-now');
  await ended(who, 'removed');
  who = await third();
  await inRoom(who);
  await row(first, 'Carol');
  await out('ban-now');
  await ended(who, 'banned');
  who = await third();
  await ended(who, 'notAllowed');
  assert.ok(!(await rows(first)).Carol, 'she is back');
});

step('a user is called in, declines, and accepts', async () => {
  const [first] = here;
  const { page } = here.find(({ person }) => person === carol);
  await page.goto(server.url);
  await page.type(id('line-user'), '1001');
  await page.type(id('line-password'), 'secret-1001');
  await page.click(id('line-in'));
  await page.waitForSelector('[data-testid="line"][data-phase="idle"]');
  const dial = () => host(async (page) => {
    await item({ page }, 'host-sheet', 'Call somebody in');
    await page.waitForSelector(id('host-dial-user'));
    await page.type(id('host-dial-user'), '1001');
    await page.click(id('host-dial'));
  });
  await dial();
  await page.waitForSelector(id('decline'));
  await page.click(id('decline'));
  await until('the end of the ringing', async () => !(await page.$(id('ring'))));
  await dial();
  await page.waitForSelector(id('accept'));
  await page.click(id('accept'));
  await inRoom({ page, person: carol });
  await until('three rows', async () => Object.keys(await rows(first)).length === 3);
  await press({ page }, 'leave');
  await page.waitForSelector('[data-testid="line"][data-phase="idle"]');
  await page.click(id('line-out'));
});

step('a restart of the server leaves the room as it was', async () => {
  const [large, second] = places['1up_top_left+5'];
  assert.match(await server.ctl(room, 'vid-floor', String(member.Alice), 'force'), /^\+OK/);
  assert.match(await server.ctl(room, 'vid-layout', '1up_top_left+5'), /^\+OK/);
  assert.match(await server.ctl(room, 'vid-banner', String(member.Bob), '{fg=#ffffff,bg=#000000}Bob'), /^\+OK/);
  const wanted = [{ person: alice, at: large }, { person: bob, at: second }];
  const two = here.slice(0, 2);
  const bannered = (who) => until(`${who.person.name} sees the banner`, async () => {
    const [dark] = await pixels(who.page, canvas, [[0.95, 0.32]]); // the lower right of the second cell
    return near(dark, [0, 0, 0]);
  });
  for (const who of two) {
    await waitForCells(who, canvas, wanted);
    await bannered(who);
  }
  const began = Date.now();
  await server.restart();
  const back = Date.now();
  for (const who of two) {
    await until('the end of the banner', async () => !(await who.page.$(id('banner'))));
    await waitForCells(who, canvas, wanted);
    await bannered(who);
    const all = await rows(who);
    assert.deepEqual(Object.fromEntries(Object.values(all).map(({ name, id }) => [name, id])), member);
    assert.ok((await chat(who)).includes('Public words'), 'the page has lost the chat');
  }
  console.log(`# restart: ${back - began} ms without a server, all back ${Date.now() - back} ms after it`);
  await here[1].page.reload();
  await inRoom(here[1]);
  await until('what was said before', async () => (await chat(here[1])).includes('Public words'));
  assert.equal((await row(here[0], 'Bob')).id, member.Bob);
});

step('the meeting ends for all', async () => {
  const [first, second] = here;
  await host(async (page) => {
    await item({ page }, 'host-sheet', 'End the meeting for all');
    await page.waitForSelector(id('host-end'));
    await page.click(id('host-end'));
  });
  await ended(first, 'removed');
  await ended(second, 'removed');
});

step('no page reported an error but a missing server', () => {
  for (const { person, errors } of here) {
    assert.deepEqual(errors.filter((error) => !/WebSocket connection to .* failed|Failed to load resource/.test(error)), [], person.name);
  }
});
