// One meeting from joining to leaving: what the protocol says, turned into what the page shows.

import {
  Conference,
  joinInfo,
  Session,
  type Call,
  type CallEnd,
  type JoinInfo,
  type Member,
  type Peer,
  type PeerEvents,
  type Platform,
  type RPCError,
} from '../../verto';
import { strings } from '../strings';
import { CanvasState } from './canvas.svelte';
import { Chat } from './chat.svelte';
import { callEnding, ending, loginEnding, type Ending } from './ending';
import { plainName } from './links';
import { Moderation, refusal } from './moderation.svelte';
import { Notices } from './notices.svelte';
import { Toggle } from './toggle';

export type Phase = 'connecting' | 'joining' | 'room' | 'ended';

/** The user's own devices, as far as a meeting moves them. */
export interface Switches {
  micOn: boolean;
  cameraOn: boolean;
  setMic(on: boolean): unknown;
  setCamera(on: boolean): unknown;
}

export interface MeetingOptions {
  platform: Platform;
  socketURL: string;
  sessid: string;
  room: string;
  name: string;
  /** A token, or else a user's name and password. */
  token: string;
  user: string;
  password: string;
  media: Switches;
  /** Makes the peer connection of each attempt to join. */
  peer(events: PeerEvents): Peer;
}

/** How often a call that breaks is made anew before the user is asked. */
const mostRejoins = 3;
/** How long the first connection may take; later ones are tried for as long as the user waits. */
const connectPatience = 20_000;

export class Meeting {
  phase = $state<Phase>('connecting');
  members = $state.raw<Member[]>([]);
  /** This user's own row, once it has come. */
  me = $state.raw<Member | undefined>(undefined);
  join = $state.raw<JoinInfo | undefined>(undefined);
  micOn = $state(true);
  cameraOn = $state(true);
  /** Signalling, or else media, is interrupted. */
  offline = $state(false);
  mediaLost = $state(false);
  ending = $state.raw<Ending | undefined>(undefined);
  readonly chat = new Chat();
  readonly notices: Notices;
  readonly canvas = new CanvasState();
  readonly moderation: Moderation;
  private readonly session: Session;
  private readonly mic: Toggle;
  private readonly camera: Toggle;
  private call: Call | undefined;
  private conference: Conference | undefined;
  private rejoins = 0;
  private wantsPersonal = false;

  constructor(private readonly options: MeetingOptions) {
    const { platform, socketURL: url, sessid } = options;
    this.notices = new Notices((ms, run) => platform.after(ms, run));
    this.moderation = new Moderation({ room: options.room, login: options, notices: this.notices });
    this.session = new Session({ url, sessid, platform, credentials: credentials(options) });
    this.micOn = options.media.micOn;
    this.cameraOn = options.media.cameraOn;
    this.mic = this.toggle('0', this.micOn, (on, byServer) => this.micChanged(on, byServer));
    this.camera = this.toggle('*0', this.cameraOn, (on, byServer) => this.cameraChanged(on, byServer));
    this.listen();
  }

  /** Connects and joins. To be called once. */
  start(): void {
    this.session.connect();
    this.options.platform.after(connectPatience, () => {
      if (this.phase === 'connecting') this.finish(ending('failed'));
    });
  }

  setMic(on: boolean): void {
    this.mic.set(on);
  }

  setCamera(on: boolean): void {
    this.camera.set(on);
  }

  /** Leaves for good. The goodbye is on its way when this returns, so that it may be called while the page closes. */
  leave(): void {
    if (this.phase === 'ended') return;
    void this.call?.hangup();
    this.finish(ending('left'));
  }

  /** Sends a line of chat; false if that did not work, and then it was not sent. */
  async say(text: string): Promise<boolean> {
    if (!this.conference) return false;
    this.chat.sending(text);
    try {
      await this.conference.chat(text);
      return true;
    } catch {
      this.chat.notSent(text);
      this.notices.add(strings.chat.failed);
      return false;
    }
  }

  /** Sees everybody but oneself, or what all see; the answer is empty, or says why not. A new call keeps the wish. */
  async setPersonal(on: boolean): Promise<string> {
    const reply = this.conference ? await this.conference.watchPersonal(on) : { ok: false, text: '' };
    if (reply.ok) this.wantsPersonal = on;
    return reply.ok ? '' : refusal(reply);
  }

  /** The tracks' directions changed: the server has to know. */
  renegotiate(): void {
    this.call?.renegotiate(false).catch(() => undefined);
  }

  /** The network came or went. */
  networkChanged(): void {
    this.session.networkChanged();
  }

  private toggle(digits: string, initial: boolean, changed: (on: boolean, byServer: boolean) => void): Toggle {
    return new Toggle({
      initial,
      changed,
      flip: () => this.call?.dtmf(digits) ?? Promise.reject(new Error('no call')),
      after: (ms, run) => this.options.platform.after(ms, run),
      failed: () => this.notices.add(strings.room.toggleFailed),
    });
  }

  private listen(): void {
    const { events } = this.session;
    events.on('ready', () => this.ready());
    events.on('refused', (error: RPCError) => this.finish(loginEnding(error, this.options.token !== '')));
    events.on('punted', () => this.finish(ending('elsewhere')));
    events.on('state', (state) => {
      if (state === 'waiting') this.disconnected();
    });
    events.on('private', (data) => {
      const info = joinInfo(data);
      if (info && !info.auxiliary && info.callID === this.call?.id) this.joined(info);
    });
  }

  private ready(): void {
    this.offline = false;
    if (!this.call) this.dial();
  }

  private disconnected(): void {
    this.offline = true;
    this.depart();
    this.mic.disconnect();
    this.camera.disconnect();
  }

  private dial(): void {
    if (this.phase === 'connecting') this.phase = 'joining';
    const { room, name } = this.options;
    const call = this.session.call({ destination: room, callerName: name, useStereo: true }, this.options.peer);
    this.call = call;
    call.events.on('state', (state) => {
      if (state === 'active') this.phase = 'room';
    });
    call.events.on('media', (flows) => {
      this.mediaLost = !flows;
      if (flows) this.rejoins = 0;
    });
    call.events.on('ended', (end) => this.callEnded(end));
    void call.invite();
  }

  private callEnded(end: CallEnd): void {
    this.call = undefined;
    this.depart();
    this.mic.disconnect();
    this.camera.disconnect();
    // Only what broke inside a meeting is mended silently; the server's own word is final.
    if (end.by !== 'failure' || this.phase !== 'room' || ++this.rejoins > mostRejoins) {
      this.finish(callEnding(end));
    } else if (this.session.state === 'ready') {
      this.mediaLost = true;
      this.dial();
    }
  }

  private depart(): void {
    this.conference?.close();
    this.conference = undefined;
    this.canvas.detach();
    this.moderation.detach();
  }

  private joined(info: JoinInfo): void {
    this.depart();
    const conference = new Conference(this.session, this.options.platform, info);
    this.conference = conference;
    this.canvas.attach(conference);
    this.moderation.attach(conference);
    this.join = info;
    conference.events.on('members', (members) => this.roster(members));
    conference.events.on('joined', (member) => {
      this.roster(conference.members());
      if (member.id !== info.memberID) this.notices.add(strings.members.joined(displayName(member)));
    });
    conference.events.on('changed', () => this.roster(conference.members()));
    conference.events.on('left', (member) => {
      this.roster(conference.members());
      if (member.id !== info.memberID) this.notices.add(strings.members.left(displayName(member)));
    });
    conference.events.on('chat', (message) => {
      const line = this.chat.receive(message);
      if (!line.mine && !this.chat.visible) this.notices.add(strings.chat.said(line.from, line.text.slice(0, 120)));
    });
    conference.open();
    if (this.wantsPersonal) void this.keepPersonal();
  }

  private async keepPersonal(): Promise<void> {
    const why = await this.setPersonal(true);
    if (why !== '') this.notices.add(why);
  }

  private roster(members: Member[]): void {
    this.members = members;
    this.me = members.find(({ id }) => id === this.join?.memberID);
    if (!this.me) return;
    // The server's word on the own row is the truth about both switches.
    this.mic.follow(!this.me.muted);
    if (this.me.video?.sends) this.camera.follow(!this.me.video.muted);
  }

  private micChanged(on: boolean, byServer: boolean): void {
    this.micOn = on;
    this.options.media.setMic(on);
    if (byServer) this.notices.add(on ? strings.room.unmutedByOther : strings.room.mutedByOther);
  }

  private cameraChanged(on: boolean, byServer: boolean): void {
    this.cameraOn = on;
    this.options.media.setCamera(on);
    if (byServer) this.notices.add(on ? strings.room.cameraStartedByOther : strings.room.cameraStoppedByOther);
  }

  private finish(why: Ending): void {
    if (this.phase === 'ended') return;
    this.phase = 'ended';
    this.ending = why;
    this.depart();
    this.mic.disconnect();
    this.camera.disconnect();
    this.session.close();
  }
}

/** A token is the password of a user name that does not matter. */
function credentials({ token, user, password }: MeetingOptions): { login: string; passwd: string } {
  return token === '' ? { login: user, passwd: password } : { login: 'guest', passwd: token };
}

export function displayName(member: Member): string {
  return plainName(member.name) || strings.members.unknown;
}
