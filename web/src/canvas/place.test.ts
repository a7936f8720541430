import { describe, expect, it } from 'vitest';
import { beside, contained, enlarged, hit, neighbour, placed, readingOrder } from './place';

const hd = { width: 1280, height: 720 };
const box = (x: number, y: number, width: number, height: number) => ({ x, y, width, height });

describe('a picture in its letterbox', () => {
  it.each([
    ['fits', { width: 640, height: 360 }, box(0, 0, 640, 360)],
    ['has bars above and below', { width: 390, height: 700 }, box(0, 240.3125, 390, 219.375)],
    ['has bars at the sides', { width: 1000, height: 360 }, box(180, 0, 640, 360)],
    ['is nowhere in nothing', { width: 0, height: 100 }, box(0, 0, 0, 0)],
  ])('%s', (_, stage, want) => expect(contained(stage, hd)).toEqual(want));

  it('is nowhere before its size is known', () => {
    expect(contained(hd, { width: 0, height: 0 })).toEqual(box(0, 0, 0, 0));
  });

  it('carries its cells along', () => {
    expect(placed(box(640, 360, 640, 360), hd, box(180, 10, 640, 360))).toEqual(box(500, 190, 320, 180));
  });
});

describe('cells', () => {
  const big = { ...box(0, 0, 1280, 720), z: 0, name: 'big' };
  const small = { ...box(960, 0, 320, 180), z: 1, name: 'small' };

  it.each([
    [1000, 100, 'small'],
    [960, 180, 'big'],
    [1280, 10, undefined],
    [-1, 10, undefined],
  ])('at %i, %i: %s', (x, y, want) => {
    expect(hit([small, big], x, y)?.name).toBe(want);
    expect(hit([big, small], x, y)?.name).toBe(want);
  });

  const name = (list: Array<{ name: string }>): string => list.map(({ name }) => name).join('');
  const named = (name: string, x: number, y: number, width = 100, height = 100) => ({ ...box(x, y, width, height), name });

  it('are read row by row', () => {
    expect(name(readingOrder([named('d', 100, 104), named('b', 100, 3), named('c', 0, 100), named('a', 0, 0)]))).toBe('abcd');
    // One large cell with small ones beside and below it.
    const large = [named('e', 200, 200), named('a', 200, 0), named('b', 0, 0, 200, 200), named('c', 200, 100), named('d', 0, 200)];
    expect(name(readingOrder(large))).toBe('abcde');
    expect(readingOrder([])).toEqual([]);
  });

  const grid = [box(0, 0, 100, 100), box(100, 0, 100, 100), box(0, 100, 100, 100), box(100, 100, 100, 100)];

  it.each([
    [0, 'right', 1],
    [1, 'right', 2],
    [3, 'right', 3],
    [0, 'left', 0],
    [1, 'down', 3],
    [2, 'up', 0],
    [2, 'down', 2],
    [9, 'down', 9],
  ] as const)('from %i to the %s is %i', (from, direction, want) => expect(neighbour(grid, from, direction)).toBe(want));
});

describe('a menu', () => {
  const menu = { width: 240, height: 400 };
  const page = { width: 1280, height: 800 };

  it.each([
    ['right of its cell', box(0, 100, 400, 225), page, { x: 408, y: 100 }],
    ['left of it', box(900, 100, 380, 225), page, { x: 652, y: 100 }],
    ['over it', box(0, 0, 1280, 720), page, { x: 520, y: 8 }],
    ['never below the page', box(0, 700, 400, 100), page, { x: 408, y: 392 }],
    ['at the top of a page that is too small', box(0, 50, 100, 100), { width: 200, height: 300 }, { x: 8, y: 8 }],
  ])('is %s', (_, anchor, page, want) => expect(beside(anchor, menu, page)).toEqual(want));
});

describe('an enlarged picture', () => {
  it.each([
    ['the whole', 1, 0, 0, { x: 0, y: 0, w: 1280, h: 720 }],
    ['its middle', 2, 0, 0, { x: 320, y: 180, w: 640, h: 360 }],
    ['its left top', 2, -1, -1, { x: 0, y: 0, w: 640, h: 360 }],
    ['its right bottom', 2, 3, 1, { x: 640, y: 360, w: 640, h: 360 }],
    ['most of it', 1.5, 0, 0, { x: 214, y: 120, w: 853, h: 480 }],
  ])('shows %s', (_, factor, x, y, want) => expect(enlarged(hd, factor, x, y)).toEqual(want));
});
