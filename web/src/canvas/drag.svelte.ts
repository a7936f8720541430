// A picture under way to another cell.

import type { Cell } from './cells';
import { hit, type Size } from './place';

/** What a drag takes of a pointer event. */
export type Pointer = Pick<PointerEvent, 'pointerId' | 'clientX' | 'clientY' | 'button' | 'buttons'>;

interface Pulled {
  cell: Cell;
  pointer: number;
  fromX: number;
  fromY: number;
  x: number;
  y: number;
}

/** How far a pointer moves until it drags: less is a click with an unsteady hand. */
const threshold = 8;

/** Drag follows one pointer from a cell to a cell. Positions are the page's. */
export class Drag {
  private pulled = $state.raw<Pulled | undefined>();
  /** A picture follows the pointer. */
  moving = $state(false);
  /** The pointer moved so far since it was pressed that its click is none. */
  moved = false;

  /** cells gives those that may be dropped on, canvas their size, and box where the canvas is on the page. */
  constructor(
    private readonly cells: () => readonly Cell[],
    private readonly canvas: () => Size,
    private readonly box: () => DOMRectReadOnly,
  ) {}

  /** What is dragged and how far it is from its place; undefined while nothing moves. */
  get ghost(): { cell: Cell; x: number; y: number } | undefined {
    if (!this.pulled || !this.moving) return undefined;
    const { cell, x, y, fromX, fromY } = this.pulled;
    return { cell, x: x - fromX, y: y - fromY };
  }

  /** Where it would be dropped now. */
  get target(): Cell | undefined {
    if (!this.pulled || !this.moving) return undefined;
    const { cell, x, y } = this.pulled;
    const box = this.box();
    const canvas = this.canvas();
    const found = hit(this.cells(), ((x - box.x) * canvas.width) / box.width, ((y - box.y) * canvas.height) / box.height);
    return found?.layer === cell.layer ? undefined : found;
  }

  press(cell: Cell, { pointerId: pointer, clientX: x, clientY: y, button }: Pointer): void {
    this.moved = false;
    if (button !== 0 || this.moving) return;
    this.pulled = { cell, pointer, fromX: x, fromY: y, x, y };
  }

  /** The pointer moved; true when this begins the drag. */
  pull({ pointerId, clientX: x, clientY: y, buttons }: Pointer): boolean {
    // It may have been let go of where nobody told.
    if (buttons === 0) this.cancel();
    if (this.pulled?.pointer !== pointerId) return false;
    const begins = !this.moving && Math.hypot(x - this.pulled.fromX, y - this.pulled.fromY) > threshold;
    this.pulled = { ...this.pulled, x, y };
    if (begins) {
      this.moving = true;
      this.moved = true;
    }
    return begins;
  }

  /** The pointer was let go of: who goes where, if it is somewhere. */
  release({ pointerId }: Pointer): { cell: Cell; onto: Cell } | undefined {
    if (this.pulled?.pointer !== pointerId) return undefined;
    const { cell } = this.pulled;
    const onto = this.target;
    this.cancel();
    return onto && { cell, onto };
  }

  cancel(): void {
    this.pulled = undefined;
    this.moving = false;
  }
}
