// What the canvas shows, as far as the page draws over it.

import { personalCanvas, type Conference, type Geometry } from '../../verto';

/** CanvasState follows the geometry of the conference that it is attached to. */
export class CanvasState {
  /** What the shown frame shows; undefined before the server has told it, or when it is a server that never does. */
  geometry = $state.raw<Geometry | undefined>();
  /** A geometry waits for its frame: frame() is to be called for the next ones. */
  waiting = $state(false);
  private conference: Conference | undefined;
  private told = false;

  /** This user sees everybody but himself. */
  get personal(): boolean {
    return this.geometry?.canvas === personalCanvas;
  }

  attach(conference: Conference): void {
    this.conference = conference;
    conference.geometry.frames = this.told;
    conference.events.on('geometry', () => this.changed());
    // What was known is of another call.
    this.changed();
  }

  detach(): void {
    this.conference = undefined;
    this.waiting = false;
  }

  /** Whether frame() will be called while a geometry waits. */
  follow(frames: boolean): void {
    this.told = frames;
    if (this.conference) this.conference.geometry.frames = frames;
  }

  /** A frame of the canvas is shown now. */
  frame(rtpTimestamp: number | undefined): void {
    this.conference?.geometry.frame(rtpTimestamp);
  }

  private changed(): void {
    this.geometry = this.conference?.geometry.current;
    this.waiting = this.conference?.geometry.waiting ?? false;
  }
}
