// Where everybody is in the picture, and from which frame on.

import { array, flag, isObject, number, object, text, type JSONObject, type JSONValue } from './json';

/** One cell of a canvas that is taken, or reserved and empty. All lengths are pixels of the canvas. */
export interface GeometryLayer {
  /** Index of the cell in the layout. */
  layer: number;
  /** Who is shown; 0 for an empty cell that is reserved. */
  member: number;
  x: number;
  y: number;
  width: number;
  height: number;
  /** Drawing order: a higher one lies above. */
  z: number;
  floor: boolean;
  /** The cell's reservation id, empty for none. */
  reservation: string;
  /** The picture covers the cell instead of being fitted into it. */
  zoom: boolean;
  /** A bar with a text is drawn along the bottom of the cell. Servers may leave that out. */
  banner: boolean;
  /** Size of the picture before it is fitted into the cell: what zoom-layer counts in. 0 if the server does not say. */
  sourceWidth: number;
  sourceHeight: number;
  /** On the super canvas: the canvas that the cell shows, from 1; 0 for none. */
  shows: number;
}

/** What one canvas shows from the frame with rtpTime on. */
export interface Geometry {
  /** Index of the canvas, personalCanvas for the one that this session alone sees. */
  canvas: number;
  /** Grows with every change of the same canvas. */
  serial: number;
  width: number;
  height: number;
  /** RTP timestamp (90 kHz, 32 bits, wraps around) of the first frame that shows it. */
  rtpTime: number;
  layout: string;
  /** The group that has chosen the layout, with its prefix: group:grid. Empty if there is none or the server does not say. */
  group: string;
  /** How long the pictures move to their places; 0: not at all. */
  moveMs: number;
  layers: GeometryLayer[];
}

/** The canvas of a geometry that is for this session alone. */
export const personalCanvas = -1;

/** Reads the member `geometry` of a canvas-geometry message; undefined if it is none. */
export function geometry(value: JSONValue | undefined): Geometry | undefined {
  if (!isObject(value)) return undefined;
  const canvas = number(value['canvasID'], NaN);
  const serial = number(value['serial'], NaN);
  const width = number(value['width'], 0);
  const height = number(value['height'], 0);
  if (!Number.isInteger(canvas) || canvas < personalCanvas || !Number.isInteger(serial) || width <= 0 || height <= 0) return undefined;
  return {
    canvas,
    serial,
    width,
    height,
    rtpTime: number(value['rtpTime'], NaN) >>> 0,
    layout: text(value['layout']),
    group: text(value['group']),
    moveMs: Math.max(0, number(value['moveMs'], 0)),
    layers: array(value['layers']).flatMap((entry, index) => layer(object(entry), index)),
  };
}

function layer(data: JSONObject, index: number): GeometryLayer[] {
  const result = {
    layer: number(data['layerID'], -1),
    member: number(data['memberID'], 0),
    x: number(data['x'], 0),
    y: number(data['y'], 0),
    width: number(data['width'], 0),
    height: number(data['height'], 0),
    z: number(data['z'], index),
    floor: flag(data['floor']),
    reservation: text(data['reservationID']),
    zoom: flag(data['zoom']),
    banner: flag(data['banner']),
    sourceWidth: number(data['sourceWidth'], 0),
    sourceHeight: number(data['sourceHeight'], 0),
    shows: number(data['showsCanvas'], 0),
  };
  return result.layer >= 0 && result.width > 0 && result.height > 0 ? [result] : [];
}

/**
 * How far ahead of the shown frame a message's frame may be, in RTP time. More is no future but a layout that is older than
 * half a turn of the clock, or a clock that started anew.
 */
const farthest = 30 * 90_000;
/** How long a message may wait for its frame: a change that cannot be seen publishes none, and a hidden page shows none. */
const patience = 1_500;

/** Whether the frame with this timestamp, or a later one, is the shown one. */
export function reached(rtpTime: number, shown: number): boolean {
  const ahead = (rtpTime - shown) >>> 0;
  return ahead === 0 || ahead > farthest;
}

function isDue(message: Geometry | undefined, shown: number | undefined): boolean {
  return message !== undefined && (shown === undefined || reached(message.rtpTime, shown));
}

export interface CanvasGeometryOptions {
  /** Runs the function once after the milliseconds; the function returned cancels that. */
  after(ms: number, run: () => void): () => void;
  /** The geometry in force, or whether one waits, has changed. */
  changed(): void;
}

/**
 * CanvasGeometry says what the shown frame shows. Messages come by another way than the picture, mostly before it, so each is
 * held until its frame is shown: whoever shows the video sets frames and calls frame() for every new frame while waiting is
 * true. Without frames they count on arrival.
 *
 * It follows the canvas that the member watches. A personal canvas goes before that while its messages come, and ends with a
 * message for another canvas to this session alone.
 */
export class CanvasGeometry {
  /** Somebody calls frame() while a message waits. */
  frames = false;
  private shown: Geometry | undefined;
  private held: Geometry[] = [];
  private readonly newest = new Map<number, Geometry>();
  private watched = 0;
  private personal = false;
  private cancel: () => void = () => {};

  constructor(private readonly options: CanvasGeometryOptions) {}

  /** What is in force; undefined as long as nothing is known of the canvas. */
  get current(): Geometry | undefined {
    return this.shown;
  }

  /** A message waits for its frame. */
  get waiting(): boolean {
    return this.held.length > 0;
  }

  /** Takes the member `eventData` of an event; alone says that it was addressed to this session and not to a channel. */
  receive(eventData: JSONObject, alone = false): void {
    if (text(eventData['contentType']) !== 'canvas-geometry') return;
    const message = geometry(eventData['geometry']);
    if (!message) return;
    const ends = alone && this.personal && message.canvas !== personalCanvas;
    const known = this.newest.get(message.canvas);
    if (!known || message.serial > known.serial) this.newest.set(message.canvas, message);
    else if (!ends) return;
    if (ends) this.endPersonal(message);
    else this.take(message);
  }

  /** The member watches this canvas from now on. */
  watch(canvas: number): void {
    // A row may name the personal canvas, whose messages say it better.
    if (canvas === this.watched || canvas < 0) return;
    this.watched = canvas;
    if (this.personal) return;
    // No message says with which frame the other canvas begins.
    this.show(this.newest.get(canvas));
  }

  /** A frame is shown; undefined if the browser does not tell its RTP timestamp. Returns what is in force now. */
  frame(rtpTimestamp: number | undefined): Geometry | undefined {
    let due = this.held.length;
    while (due > 0 && !isDue(this.held[due - 1], rtpTimestamp)) due--;
    if (due > 0) this.release(due - 1);
    return this.shown;
  }

  /** Forgets everything; nothing is told any more about what waited. */
  close(): void {
    this.cancel();
    this.held = [];
    this.newest.clear();
  }

  private endPersonal(message: Geometry): void {
    this.personal = false;
    // The next personal canvas counts anew.
    this.newest.delete(personalCanvas);
    const next = this.newest.get(this.watched);
    this.hold(next && next.canvas === message.canvas ? { ...next, rtpTime: message.rtpTime } : message);
  }

  private take(message: Geometry): void {
    if (message.canvas === personalCanvas) this.personal = true;
    else if (this.personal || message.canvas !== this.watched) return;
    this.hold(message);
  }

  private hold(message: Geometry): void {
    this.held.push(message);
    if (!this.frames) this.release(this.held.length - 1);
    else {
      this.restart();
      this.options.changed();
    }
  }

  /** Puts what is held at the index in force, and drops what was before it. */
  private release(index: number): void {
    const [next] = this.held.splice(0, index + 1).slice(-1);
    this.shown = next;
    this.restart();
    this.options.changed();
  }

  private show(next: Geometry | undefined): void {
    this.held = [];
    this.shown = next;
    this.restart();
    this.options.changed();
  }

  private restart(): void {
    this.cancel();
    this.cancel = () => {};
    if (this.held.length > 0) this.cancel = this.options.after(patience, () => this.release(this.held.length - 1));
  }
}
