// Where things are on the screen: the picture in its letterbox, cells in the picture, menus beside cells.

export interface Size {
  width: number;
  height: number;
}

export interface Box extends Size {
  x: number;
  y: number;
}

/** Where a picture is in a box that shows it whole (object-fit: contain), in the box' own pixels. */
export function contained(box: Size, picture: Size): Box {
  if (box.width <= 0 || box.height <= 0 || picture.width <= 0 || picture.height <= 0) return { x: 0, y: 0, width: 0, height: 0 };
  const scale = Math.min(box.width / picture.width, box.height / picture.height);
  const width = picture.width * scale;
  const height = picture.height * scale;
  return { x: (box.width - width) / 2, y: (box.height - height) / 2, width, height };
}

/** A cell of the canvas in pixels of the screen, where shown is the picture on the screen. */
export function placed(cell: Box, canvas: Size, shown: Box): Box {
  const across = shown.width / canvas.width;
  const down = shown.height / canvas.height;
  return { x: shown.x + cell.x * across, y: shown.y + cell.y * down, width: cell.width * across, height: cell.height * down };
}

interface Stacked extends Box {
  z: number;
}

/** The topmost cell at a point, all in the same pixels; undefined beside all of them. */
export function hit<T extends Stacked>(cells: readonly T[], x: number, y: number): T | undefined {
  const under = cells.filter((cell) => x >= cell.x && y >= cell.y && x < cell.x + cell.width && y < cell.y + cell.height);
  return under.reduce<T | undefined>((top, cell) => (top && top.z > cell.z ? top : cell), undefined);
}

/** Cells row by row and from left to right. Cells are of one row when their middles are within half a height. */
export function readingOrder<T extends Box>(cells: readonly T[]): T[] {
  const middle = (cell: Box): number => cell.y + cell.height / 2;
  const rows: T[][] = [];
  for (const cell of [...cells].sort((a, b) => middle(a) - middle(b))) {
    const row = rows.at(-1);
    const first = row?.[0];
    if (row && first && middle(cell) - middle(first) < Math.min(cell.height, first.height) / 2) row.push(cell);
    else rows.push([cell]);
  }
  return rows.flatMap((row) => row.sort((a, b) => a.x - b.x));
}

export type Direction = 'left' | 'right' | 'up' | 'down';

/** The index of the cell next to one in a direction, or the same index if there is none. Cells are in reading order. */
export function neighbour(cells: readonly Box[], from: number, direction: Direction): number {
  if (direction === 'left') return Math.max(0, from - 1);
  if (direction === 'right') return Math.min(cells.length - 1, from + 1);
  const start = cells[from];
  if (!start) return from;
  const x = (cell: Box): number => cell.x + cell.width / 2;
  const y = (cell: Box): number => cell.y + cell.height / 2;
  let best = from;
  let least = Infinity;
  cells.forEach((cell, index) => {
    const away = direction === 'down' ? y(cell) - y(start) : y(start) - y(cell);
    const far = away + Math.abs(x(cell) - x(start)) * 2;
    if (away > Math.min(cell.height, start.height) / 2 && far < least) {
      least = far;
      best = index;
    }
  });
  return best;
}

/** Where a menu goes beside what it belongs to: right of it, left of it, or over it, and always on the page. */
export function beside(anchor: Box, menu: Size, page: Size, gap = 8): { x: number; y: number } {
  const right = anchor.x + anchor.width + gap;
  const left = anchor.x - menu.width - gap;
  const over = anchor.x + (anchor.width - menu.width) / 2;
  const x = right + menu.width + gap <= page.width ? right : left >= gap ? left : over;
  return { x: within(x, menu.width, page.width, gap), y: within(anchor.y, menu.height, page.height, gap) };
}

function within(start: number, length: number, end: number, gap: number): number {
  return Math.max(gap, Math.min(start, end - length - gap));
}

/** The middle part of a picture that is shown when it is enlarged by a factor, moved by shares of what is hidden (-1 to 1). */
export function enlarged(picture: Size, factor: number, panX = 0, panY = 0): { x: number; y: number; w: number; h: number } {
  const w = Math.round(picture.width / factor);
  const h = Math.round(picture.height / factor);
  const at = (hidden: number, pan: number): number => Math.round((hidden / 2) * (1 + Math.max(-1, Math.min(1, pan))));
  return { x: at(picture.width - w, panX), y: at(picture.height - h, panY), w, h };
}
