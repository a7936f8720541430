// The user's own microphone and camera: open, switch, mute, close.

import type { Prefs } from '../prefs';
import { capture, type Captured, type Wanted } from './capture';
import type { Kind, Problem } from './problems';

/** Told whenever the track to send changes; null is silence or no picture. */
export type TrackListener = (kind: Kind, track: MediaStreamTrack | null) => void;

/**
 * LocalMedia holds at most one track of each kind. A microphone that is off stays open and gives silence, so that it is
 * back at once; a camera that is off is closed, so that its light goes out.
 */
export class LocalMedia {
  audio = $state.raw<MediaStreamTrack | null>(null);
  video = $state.raw<MediaStreamTrack | null>(null);
  micOn = $state(true);
  cameraOn = $state(true);
  /** A camera or microphone is being opened. */
  opening = $state(false);
  problems = $state.raw<Partial<Record<Kind, Problem>>>({});
  listener: TrackListener = () => {};
  private readonly wanted: Wanted;
  private queue: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(prefs: Prefs) {
    this.wanted = { mic: prefs.mic, camera: prefs.camera, quality: prefs.quality };
    this.micOn = prefs.micOn;
    this.cameraOn = prefs.cameraOn;
  }

  /** Opens what is on, and the microphone in any case. Problems are in problems, never thrown. */
  start(): Promise<void> {
    return this.inTurn(async () => {
      const kinds: Kind[] = this.cameraOn ? ['audio', 'video'] : ['audio'];
      await this.open(kinds.filter((kind) => !this.track(kind)));
    });
  }

  setMic(on: boolean): Promise<void> {
    this.micOn = on;
    if (this.audio) this.audio.enabled = on;
    return this.inTurn(async () => {
      if (this.micOn && !this.audio) await this.open(['audio']);
    });
  }

  setCamera(on: boolean): Promise<void> {
    this.cameraOn = on;
    return this.inTurn(async () => {
      if (!this.cameraOn) this.put('video', null);
      else if (!this.video) await this.open(['video']);
    });
  }

  /** Changes to another device or size; an open one is exchanged. */
  choose(change: Partial<Wanted>): Promise<void> {
    Object.assign(this.wanted, change);
    return this.inTurn(async () => {
      const kinds: Kind[] = [];
      if (change.mic !== undefined) kinds.push('audio');
      if ((change.camera !== undefined || change.quality !== undefined) && this.cameraOn) kinds.push('video');
      // Some systems open a camera once only, so the old one is closed before.
      for (const kind of kinds) this.put(kind, null);
      await this.open(kinds);
    });
  }

  /** Closes everything for good. */
  stop(): void {
    this.stopped = true;
    this.listener = () => {};
    this.put('audio', null);
    this.put('video', null);
  }

  track(kind: Kind): MediaStreamTrack | null {
    return kind === 'audio' ? this.audio : this.video;
  }

  private async open(kinds: Kind[]): Promise<void> {
    if (kinds.length === 0 || this.stopped) return;
    this.opening = true;
    const captured = await capture(kinds, this.wanted);
    this.opening = false;
    const others = Object.entries(this.problems).filter(([kind]) => !kinds.includes(kind as Kind));
    this.problems = { ...Object.fromEntries(others), ...captured.problems };
    this.take(kinds, captured);
  }

  private take(kinds: Kind[], { tracks }: Captured): void {
    for (const kind of kinds) {
      const track = tracks[kind];
      if (!track) continue;
      // Meanwhile the page may have been left, or the camera turned off again.
      if (this.stopped || (kind === 'video' && !this.cameraOn)) track.stop();
      else this.put(kind, track);
    }
  }

  private put(kind: Kind, track: MediaStreamTrack | null): void {
    const old = this.track(kind);
    if (old === track) return;
    if (old) {
      old.onended = null;
      old.stop();
    }
    if (kind === 'audio') this.audio = track;
    else this.video = track;
    if (track) {
      if (kind === 'audio') track.enabled = this.micOn;
      track.onended = () => this.unplugged(kind);
    }
    this.listener(kind, track);
  }

  private unplugged(kind: Kind): void {
    this.put(kind, null);
    this.problems = { ...this.problems, [kind]: 'unplugged' };
    // Another device of the kind may be there; if so, it takes over.
    void this.inTurn(() => this.replace(kind));
  }

  private async replace(kind: Kind): Promise<void> {
    if (kind === 'video' && !this.cameraOn) return;
    await this.open([kind]);
    if (!this.track(kind)) this.problems = { ...this.problems, [kind]: 'unplugged' };
  }

  private inTurn(step: () => Promise<void>): Promise<void> {
    const next = this.queue.then(step);
    this.queue = next.catch(() => undefined);
    return next;
  }
}
