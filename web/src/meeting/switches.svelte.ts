// The user's own microphone and camera in a meeting: what he wants, and what the server says.

import type { Call, Member } from '../../verto';
import { strings } from '../strings';
import type { Notices } from './notices.svelte';
import { Toggle } from './toggle';

/** The user's own devices, as far as a meeting moves them. */
export interface Devices {
  micOn: boolean;
  cameraOn: boolean;
  setMic(on: boolean): unknown;
  setCamera(on: boolean): unknown;
}

export interface SwitchesOptions {
  devices: Devices;
  notices: Notices;
  /** The call that the switches are in now, if there is one. */
  call(): Call | undefined;
  after(ms: number, run: () => void): () => void;
}

/** Switches are flipped by keys, which stock servers understand, and follow the own row of the live array. */
export class Switches {
  micOn = $state(true);
  cameraOn = $state(true);
  private readonly mic: Toggle;
  private readonly camera: Toggle;

  constructor(private readonly options: SwitchesOptions) {
    this.micOn = options.devices.micOn;
    this.cameraOn = options.devices.cameraOn;
    this.mic = this.toggle('0', this.micOn, (on, byServer) => this.micChanged(on, byServer));
    this.camera = this.toggle('*0', this.cameraOn, (on, byServer) => this.cameraChanged(on, byServer));
  }

  setMic(on: boolean): void {
    this.mic.set(on);
  }

  setCamera(on: boolean): void {
    this.camera.set(on);
  }

  /** The server's word on the own row is the truth about both. */
  follow(me: Member): void {
    this.mic.follow(!me.muted);
    if (me.video?.sends) this.camera.follow(!me.video.muted);
  }

  disconnect(): void {
    this.mic.disconnect();
    this.camera.disconnect();
  }

  private toggle(digits: string, initial: boolean, changed: (on: boolean, byServer: boolean) => void): Toggle {
    const { call, after, notices } = this.options;
    return new Toggle({
      initial,
      changed,
      flip: () => call()?.dtmf(digits) ?? Promise.reject(new Error('no call')),
      after,
      failed: () => notices.add(strings.room.toggleFailed),
    });
  }

  private micChanged(on: boolean, byServer: boolean): void {
    this.micOn = on;
    this.options.devices.setMic(on);
    if (byServer) this.options.notices.add(on ? strings.room.unmutedByOther : strings.room.mutedByOther);
  }

  private cameraChanged(on: boolean, byServer: boolean): void {
    this.cameraOn = on;
    this.options.devices.setCamera(on);
    if (byServer) this.options.notices.add(on ? strings.room.cameraStartedByOther : strings.room.cameraStoppedByOther);
  }
}
