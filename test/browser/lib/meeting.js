// Speaks to the product's own web client as a person would, and knows where the
// layouts of the grid group put their pictures.
import { near, pixels, until } from './measure.js';
import { chromium, open } from './browsers.js';

const id = (name) => `[data-testid="${name}"]`;

// The received canvas, whether the test id is on the video or around it.
export const canvas = `video${id('canvas')}, ${id('canvas')} video`;

// Middles of the cells and one point of bare background, in shares of the canvas
// (stock conference_layouts.conf.xml, group grid).
export const grid = {
  '1x1': { cells: [[0.5, 0.5]], background: null },
  '2x1': { cells: [[0.25, 0.5], [0.75, 0.5]], background: [0.5, 0.12] },
  '1x1+2x1': { cells: [[0.5, 0.25], [0.25, 0.75], [0.75, 0.75]], background: [0.12, 0.25] },
  '2x2': { cells: [[0.25, 0.25], [0.75, 0.25], [0.25, 0.75], [0.75, 0.75]], background: null },
};

// Middles of the cells of other layouts that tests use.
export const places = {
  '1up_top_left+5': [[0.33, 0.33], [0.83, 0.17], [0.83, 0.5], [0.17, 0.83], [0.5, 0.83], [0.83, 0.83]],
  '3up+4': [[0.25, 0.25], [0.75, 0.25], [0.25, 0.75], [0.625, 0.625], [0.875, 0.625], [0.625, 0.875], [0.875, 0.875]],
};

// waitForCells waits until the page's canvas shows each person at his point, in
// shares of the canvas.
export function waitForCells({ page, person }, selector, wanted, { seconds } = {}) {
  const what = wanted.map(({ person, at }) => `${person.name} at ${at}`);
  return until(`${person.name} sees ${what}`, async () => {
    const seen = await pixels(page, selector, wanted.map(({ at }) => at));
    if (wanted.every(({ person }, i) => near(seen[i], person.color))) {
      return true;
    }
    throw new Error(JSON.stringify(seen));
  }, { seconds });
}

// join opens the link, types the name, looks at the preview, presses the button and
// waits for a picture.
// Somebody hasty does not look: his camera and microphone come while he is in.
// The participant is added to present at once, so that the caller can close it.
export async function join(browser, person, link, present, { hasty = false, init } = {}) {
  const who = { person, browser, ...(await open(browser, link, { init })) };
  present.push(who);
  const { page } = who;
  await page.waitForSelector(id('join-name'));
  await page.click(id('join-name'), { clickCount: 3 });
  await page.type(id('join-name'), person.name);
  if (!hasty) await until(`${person.name}'s preview`, () => page.evaluate(() => document.querySelector('video')?.videoWidth > 0));
  await page.click(id('join-button'));
  await until(`${person.name}'s picture`, () => page.evaluate(
    (canvas) => document.querySelector(canvas)?.videoWidth > 0, canvas,
  ));
  return who;
}

// arrive launches a browser (Chromium) for the person and joins.
export async function arrive(person, link, present = [], launch = chromium, options = {}) {
  return join(await launch(person), person, link, present, options);
}

// look opens the link, types the name and presses the button, whatever comes then.
export async function look(browser, person, link, present, { init } = {}) {
  const who = { person, browser, ...(await open(browser, link, { init })) };
  present.push(who);
  await knock(who);
  return who;
}

// knock types the name and presses the button of the page that is open.
export async function knock({ page, person }) {
  await page.waitForSelector(id('join-name'));
  await page.click(id('join-name'), { clickCount: 3 });
  await page.type(id('join-name'), person.name);
  await page.click(id('join-button'));
}

// inRoom waits until a page shows the meeting with a picture.
export function inRoom({ page, person }, options) {
  return until(`${person.name} in the room`, () => page.evaluate(
    (canvas, room) => document.querySelector(room) && document.querySelector(canvas)?.videoWidth > 0, canvas, id('room'),
  ), options);
}

// ended waits until a page says that its meeting is over, and why.
export function ended({ page, person }, reason) {
  return until(`${person.name}'s meeting ends: ${reason}`, async () => {
    const found = await page.$eval(id('ended'), (main) => main.dataset.reason);
    if (found !== reason) {
      throw new Error(found);
    }
    return true;
  });
}

// rows returns what the list of members says: id and state by name.
export async function rows({ page }) {
  const list = await page.$$eval(id('member-row'), (rows) => rows.map((row) => {
    const { memberId, muted, hand, detached, role } = row.dataset;
    const name = row.querySelector('bdi').textContent;
    return { name, id: Number(memberId), muted: muted === 'true', hand: hand === 'true', detached: detached === 'true', role };
  }));
  return Object.fromEntries(list.map((row) => [row.name, row]));
}

// row waits until the list has a member for whom accept holds, and returns him.
export function row(who, name, accept = () => true) {
  return until(`${name} with ${who.person.name} as ${accept}`, async () => {
    const all = await rows(who);
    if (!all[name] || !accept(all[name])) {
      throw new Error(JSON.stringify(all));
    }
    return all[name];
  });
}

// choose opens the menu of a member in the list and chooses an entry by its words.
export async function choose({ page }, person, label) {
  await page.evaluate((row, more, name) => {
    const found = [...document.querySelectorAll(row)].find((element) => element.querySelector('bdi').textContent === name);
    found.querySelector(more).click();
  }, id('member-row'), id('member-more'), person.name);
  await page.waitForSelector(id('cell-menu'));
  await item({ page }, 'cell-menu', label);
}

// item clicks an entry of an open sheet by its words.
export async function item({ page }, sheet, label) {
  await page.evaluate((sheet, label) => {
    const found = [...document.querySelectorAll(`${sheet} button`)].find((button) => button.textContent.trim().startsWith(label));
    if (!found) {
      throw new Error(`no ${label} in ${document.querySelector(sheet).textContent}`);
    }
    found.click();
  }, id(sheet), label);
}

export function press({ page }, button) {
  return page.click(id(button));
}

// members returns the text of each row of the member list, be it open or not.
export function members({ page }) {
  return page.$$eval(id('member-row'), (rows) => rows.map((row) => row.textContent));
}

// say opens the chat if it is not and sends a line.
export async function say({ page }, text) {
  if (!(await page.$eval(id('chat-input'), (input) => input.checkVisibility()).catch(() => false))) {
    await page.click(id('chat'));
    await page.waitForSelector(id('chat-input'), { visible: true });
  }
  await page.type(id('chat-input'), text);
  await page.click(id('chat-send'));
}

export function chat({ page }) {
  return page.$eval(id('chat-log'), (log) => log.textContent);
}

// waitForLayout waits until the page's canvas shows exactly these people in the
// cells of the layout, in whatever order, and background where that shows. A
// person without a colour is one whose cell shows something that is nobody else's.
export function waitForLayout({ page, person }, selector, layout, people, { seconds } = {}) {
  const { cells, background } = grid[layout];
  const colors = people.map(({ color }) => color).filter(Boolean);
  return until(`${person.name} sees ${people.map(({ name }) => name)} in ${layout}`, async () => {
    const seen = await pixels(page, selector, background ? [...cells, background] : cells);
    const shown = seen.slice(0, cells.length);
    const unknown = shown.filter((got) => !colors.some((color) => near(got, color)));
    const all = colors.every((color) => shown.filter((got) => near(got, color)).length === 1);
    const bare = !background || colors.every((color) => !near(seen.at(-1), color));
    if (all && bare && shown.length === people.length && unknown.length === people.length - colors.length) {
      return true;
    }
    throw new Error(`cells ${JSON.stringify(shown)}, background ${JSON.stringify(seen[cells.length])}`);
  }, { seconds });
}
