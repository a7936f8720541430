import { beforeEach, describe, expect, it } from 'vitest';
import { geometry } from '../../verto';
import { cells, type Cell } from './cells';
import { Drag, type Pointer } from './drag.svelte';

const layers = [0, 1].map((n) => ({ layerID: n, memberID: n + 5, x: 640 * n, y: 0, width: 640, height: 720 }));

function found(): Cell[] {
  const known = geometry({ canvasID: 0, serial: 1, width: 1280, height: 720, layers });
  return known ? cells(known, { members: [], me: 0, seats: true }) : [];
}

let all: Cell[];
let first: Cell;
let drag: Drag;

beforeEach(() => {
  all = found();
  const [cell] = all;
  if (!cell) throw new Error('no cell');
  first = cell;
  // The canvas is half as large on the page, and 100 pixels away from its corner.
  const box = { x: 100, y: 100, width: 640, height: 360 } as DOMRectReadOnly;
  drag = new Drag(() => all, () => ({ width: 1280, height: 720 }), () => box);
});

const at = (clientX: number, clientY: number, change: Partial<Pointer> = {}): Pointer => ({
  pointerId: 1, clientX, clientY, button: 0, buttons: 1, ...change,
});

describe('a drag', () => {
  it('takes a picture to another cell', () => {
    drag.press(first, at(150, 150));
    expect(drag.pull(at(200, 150))).toBe(true);
    expect(drag.ghost).toEqual({ cell: first, x: 50, y: 0 });
    expect(drag.target).toBeUndefined();
    expect(drag.pull(at(500, 160))).toBe(false);
    expect(drag.target?.layer).toBe(1);
    expect(drag.release(at(500, 160))?.onto.layer).toBe(1);
    expect([drag.moving, drag.moved, drag.ghost]).toEqual([false, true, undefined]);
  });

  it('is a click as long as it hardly moves', () => {
    drag.press(first, at(418, 150));
    expect(drag.pull(at(422, 153))).toBe(false);
    expect(drag.release(at(422, 153))).toBeUndefined();
    expect(drag.moved).toBe(false);
  });

  it('goes nowhere beside the cells and back at its own', () => {
    for (const [x, y] of [[50, 150], [200, 300]] as const) {
      drag.press(first, at(150, 150));
      drag.pull(at(x, y));
      expect(drag.release(at(x, y))).toBeUndefined();
    }
  });

  it('ends when the button was let go of elsewhere', () => {
    drag.press(first, at(150, 150));
    drag.pull(at(500, 150));
    drag.pull(at(510, 150, { buttons: 0 }));
    expect([drag.moving, drag.release(at(510, 150))]).toEqual([false, undefined]);
  });

  it('follows one pointer and one button only', () => {
    drag.press(first, at(150, 150, { button: 2 }));
    expect(drag.pull(at(500, 150))).toBe(false);
    drag.press(first, at(150, 150));
    expect(drag.pull(at(500, 150, { pointerId: 2 }))).toBe(false);
    expect(drag.release(at(500, 150, { pointerId: 2 }))).toBeUndefined();
    expect(drag.pull(at(500, 150))).toBe(true);
  });
});
