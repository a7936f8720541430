// One place at a meeting: the meeting, this user's devices, and what is received, wired together.

import type { PeerEvents } from '../../verto';
import type { Config } from '../config';
import { Devices as DeviceList } from '../media/devices.svelte';
import { LocalMedia } from '../media/local.svelte';
import { BrowserPeer } from '../media/peer';
import type { Kind } from '../media/problems';
import { Received } from '../media/received';
import { Meeting } from '../meeting/meeting.svelte';
import type { Devices } from '../meeting/switches.svelte';
import { browserPlatform } from '../platform';
import { deviceID, loadPrefs, type Prefs } from '../prefs';
import { forgetRunning, keepRunning, sessionID, type Running } from '../tab';

/** Who comes, and how. */
export interface Entry extends Partial<Omit<Running, 'name'>> {
  name: string;
  /** This tab was in the meeting a moment ago. */
  back?: boolean;
}

/** Seat is for one room, or with an empty one for being called. Its devices are closed by stop(). */
export class Seat {
  prefs = $state.raw(loadPrefs());
  media = $state.raw(this.fresh(loadPrefs()));
  meeting = $state.raw<Meeting | undefined>();
  stream = $state.raw(new MediaStream());
  readonly devices = new DeviceList();
  private entry: Entry = { name: '' };
  private peer: BrowserPeer | undefined;
  private preparing = false;
  private readonly received = new Received((stream) => (this.stream = stream));

  constructor(
    private readonly config: Config,
    private readonly room: string,
    private readonly token: string,
  ) {}

  /** The user name that this is; empty with an invitation. */
  get user(): string {
    return this.account(this.entry.user ?? '');
  }

  /** Opens what the user wants open. */
  async prepare(): Promise<void> {
    this.preparing = true;
    await this.media.start();
    this.preparing = false;
    await this.devices.refresh();
  }

  /** Goes to the meeting. */
  enter(entry: Entry): void {
    this.entry = entry;
    const { user } = this;
    this.meeting = new Meeting({
      platform: browserPlatform,
      socketURL: this.config.socketURL,
      sessid: sessionID(this.room, this.token || user, browserPlatform.uuid),
      deviceID: deviceID(browserPlatform.uuid),
      room: this.room,
      name: entry.name,
      token: this.token,
      user,
      password: entry.password ?? '',
      pin: entry.pin ?? '',
      back: entry.back ?? false,
      media: this.switched(),
      peer: (events) => this.newPeer(events),
    });
    this.meeting.start();
  }

  /** Goes back to where this tab was, with the same devices, and without asking anything. */
  comeBack(running: Running): void {
    this.reopen(running);
    this.enter({ ...running, back: true });
  }

  /** Takes the meeting back from another window. */
  takeOver(): void {
    this.reopen(this.media);
    this.enter({ ...this.entry, back: true });
  }

  /** Back to before the meeting, with the devices open again. */
  again(): void {
    this.meeting = undefined;
    this.reopen(loadPrefs());
  }

  /** Lets a reload of the page come back here. */
  keep(): void {
    const { meeting, entry } = this;
    if (!meeting) return;
    keepRunning(this.room, this.token, {
      name: entry.name,
      user: entry.user ?? '',
      password: entry.password ?? '',
      pin: meeting.pin,
      micOn: meeting.micOn,
      cameraOn: meeting.cameraOn,
    });
  }

  /** A call is over, and this user waits for the next. */
  rest(): void {
    if (this.media.audio || this.media.video) this.reopen(this.media);
  }

  /** The meeting is over. */
  stop(): void {
    forgetRunning();
    this.media.stop();
  }

  async stats(): Promise<RTCStatsReport | undefined> {
    return this.peer?.stats();
  }

  /** A user's name with the domain that the server knows it by. */
  private account(user: string): string {
    return user !== '' && !user.includes('@') && this.config.domain !== '' ? `${user}@${this.config.domain}` : user;
  }

  /** The devices that are open now, whichever those are. */
  private switched(): Devices {
    const seat = this;
    return {
      get micOn() {
        return seat.media.micOn;
      },
      get cameraOn() {
        return seat.media.cameraOn;
      },
      setMic: (on) => seat.media.setMic(on),
      setCamera: (on) => seat.media.setCamera(on),
    };
  }

  private fresh(prefs: Prefs): LocalMedia {
    const media = new LocalMedia(prefs);
    media.listener = (kind, track) => void this.send(kind, track);
    return media;
  }

  private reopen({ micOn, cameraOn }: Pick<Prefs, 'micOn' | 'cameraOn'>): void {
    this.media.stop();
    this.media = this.fresh({ ...loadPrefs(), micOn, cameraOn });
    // Who waits to be called is not filmed meanwhile.
    if (this.room !== '') void this.prepare();
  }

  private newPeer(events: PeerEvents): BrowserPeer {
    const { media, devices } = this;
    if (this.room === '' && !media.audio) void this.prepare();
    // What is being opened now will be sent: it need not be told to the server afterwards.
    const camera = media.video !== null || devices.lists.cameras.length > 0 || (this.preparing && media.cameraOn);
    this.peer = new BrowserPeer(
      {
        iceServers: this.config.iceServers,
        audio: media.audio,
        video: media.video,
        sends: { audio: media.audio !== null || this.preparing, video: camera },
        received: this.received.begin(),
      },
      events,
    );
    return this.peer;
  }

  private async send(kind: Kind, track: MediaStreamTrack | null): Promise<void> {
    const turned = await this.peer?.send(kind, track);
    if (turned) this.meeting?.renegotiate();
  }
}
