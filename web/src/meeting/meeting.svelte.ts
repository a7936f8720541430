// One meeting from joining to leaving: what the protocol says, turned into what the page shows.

import {
  Cause,
  Conference,
  joinInfo,
  partedCall,
  Session,
  waiting,
  type Call,
  type CallEnd,
  type CallOptions,
  type ChatMessage,
  type JoinInfo,
  type JSONObject,
  type Member,
  type Offer,
  type RoomInfo,
  type RPCError,
  type Waiting,
} from '../../verto';
import { strings } from '../strings';
import { CanvasState } from './canvas.svelte';
import { Chat } from './chat.svelte';
import { callEnding, ending, loginEnding, type Ending, type Stage } from './ending';
import { Moderation, refusal } from './moderation.svelte';
import { Notices } from './notices.svelte';
import { credentials, type MeetingOptions } from './options';
import { caller, displayName, newlyRaised, type Caller } from './people';
import { Signs } from './signs.svelte';
import { Switches } from './switches.svelte';

/** `idle` is that of somebody who has logged in to be called; `waiting` is at the room's door. */
export type Phase = 'connecting' | 'idle' | 'joining' | 'waiting' | 'room' | 'ended';

/** How often a call that breaks is made anew before the user is asked. */
const mostRejoins = 3;
/** How long the first connection may take; later ones are tried for as long as the user waits. */
const connectPatience = 20_000;
/** How long somebody who comes back is kept waiting: as long as servers keep his place. */
const backPatience = 120_000;
/** How long an answered call may be without a word of the conference: other servers may have none. */
const joinPatience = 1_500;

export class Meeting {
  phase = $state<Phase>('connecting');
  members = $state.raw<Member[]>([]);
  /** This user's own row, once it has come. */
  me = $state.raw<Member | undefined>(undefined);
  join = $state.raw<JoinInfo | undefined>(undefined);
  /** How the room stands, with servers that say so. */
  room = $state.raw<RoomInfo | undefined>(undefined);
  /** What the room's door asks for. */
  asked = $state.raw<Waiting['reason']>('none');
  /** Somebody calls. */
  caller = $state.raw<Caller | undefined>(undefined);
  /** This user has put the call on hold. */
  held = $state(false);
  /** Signalling, or else media, is interrupted. */
  offline = $state(false);
  mediaLost = $state(false);
  ending = $state.raw<Ending | undefined>(undefined);
  /** The PIN that was given last, for a call that is made anew. */
  pin: string;
  readonly chat = new Chat();
  readonly notices: Notices;
  readonly canvas = new CanvasState();
  readonly moderation: Moderation;
  readonly signs: Signs;
  readonly switches: Switches;
  private readonly session: Session;
  private call: Call | undefined;
  private conference: Conference | undefined;
  private rejoins = 0;
  private wantsPersonal = false;
  private cancelJoin: () => void = () => {};

  constructor(private readonly options: MeetingOptions) {
    const { platform, socketURL: url, sessid } = options;
    const after = platform.after.bind(platform);
    this.pin = options.pin ?? '';
    this.notices = new Notices(after);
    this.moderation = new Moderation({ room: options.room, login: options, notices: this.notices });
    this.signs = new Signs({ notices: this.notices, after });
    this.switches = new Switches({ devices: options.media, notices: this.notices, call: () => this.call, after });
    this.session = new Session({ url, sessid, platform, credentials: credentials(options), offered: (offer) => this.offered(offer) });
    this.listen();
  }

  get micOn(): boolean {
    return this.switches.micOn;
  }

  get cameraOn(): boolean {
    return this.switches.cameraOn;
  }

  /** Connects and joins. To be called once. */
  start(): void {
    this.session.connect();
    this.options.platform.after(this.options.back ? backPatience : connectPatience, () => {
      if (this.phase === 'connecting') this.finish(ending('failed'));
    });
  }

  setMic(on: boolean): void {
    this.switches.setMic(on);
  }

  setCamera(on: boolean): void {
    this.switches.setCamera(on);
  }

  /** Leaves for good. The goodbye is on its way when this returns, so that it may be called while the page closes. */
  leave(): void {
    if (this.phase === 'ended') return;
    const { call } = this;
    void call?.hangup();
    // Who is called stays to be called again.
    if (!call || this.options.room !== '') this.finish(ending('left'));
  }

  /** Takes the call that comes in. */
  accept(): void {
    if (!this.caller) return;
    this.caller = undefined;
    this.phase = 'joining';
    void this.call?.answer();
  }

  decline(): void {
    if (this.caller) void this.call?.hangup(Cause.rejected);
  }

  /** Gives the PIN that the door asks for. */
  async enter(pin: string): Promise<void> {
    this.pin = pin;
    this.asked = 'none';
    await this.call?.dtmf(`${pin}#`).catch(() => (this.asked = 'pin'));
  }

  /** Puts the own call on hold: nothing is heard or seen on either side. */
  async hold(on: boolean): Promise<void> {
    await this.call?.hold(on).catch((error: unknown) => {
      this.notices.add(refusal({ ok: false, text: error instanceof Error ? error.message : '' }));
    });
  }

  /** Sends a line of chat to everybody or to one member; false if that did not work, and then it was not sent. */
  async say(text: string, to = 0): Promise<boolean> {
    if (!this.conference) return false;
    this.chat.sending(text);
    try {
      await this.conference.chat(text, to);
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

  private listen(): void {
    const { events } = this.session;
    events.on('ready', () => this.ready());
    events.on('refused', (error: RPCError) => this.finish(loginEnding(error, this.options.token !== '')));
    events.on('punted', () => this.finish(ending('elsewhere')));
    events.on('state', (state) => {
      if (state === 'waiting') this.disconnected();
    });
    events.on('private', (data) => this.told(data));
  }

  /** What the server says to this session alone. */
  private told(data: JSONObject): void {
    const info = joinInfo(data);
    const wait = waiting(data);
    if (info && !info.auxiliary && info.callID === this.call?.id) this.joined(info);
    else if (wait && wait.callID === this.call?.id) this.stopped(wait);
    else if (this.call && partedCall(data) === this.call.id) this.depart();
  }

  private ready(): void {
    this.offline = false;
    if (this.call) return;
    if (this.options.room !== '') this.dial();
    else if (this.phase === 'connecting') this.phase = 'idle';
  }

  private disconnected(): void {
    this.offline = true;
    this.depart();
    this.switches.disconnect();
  }

  /** The server offers a call: one that rings, or the one that this tab was in before it was loaded anew. */
  private offered(offer: Offer): boolean {
    const free = this.call === undefined && this.phase !== 'ended';
    if (!free || (offer.kind === 'invite' && this.phase !== 'idle')) return false;
    if (offer.kind === 'invite') this.caller = caller(offer);
    else if (this.phase === 'connecting' || this.phase === 'idle') this.phase = 'joining';
    this.follow(this.session.adopt(offer, this.callOptions(), this.options.peer));
    return true;
  }

  private dial(): void {
    if (this.phase !== 'room') this.phase = 'joining';
    const call = this.session.call(this.callOptions(), this.options.peer);
    this.follow(call);
    void call.invite();
  }

  private callOptions(): CallOptions {
    const { room, name, deviceID } = this.options;
    return { destination: room, callerName: name, useStereo: true, pin: this.pin, ...(deviceID ? { deviceID } : {}) };
  }

  private follow(call: Call): void {
    this.call = call;
    call.events.on('state', (state) => {
      if (state === 'active') this.active();
    });
    call.events.on('media', (flows) => {
      this.mediaLost = !flows;
      if (flows) this.rejoins = 0;
    });
    call.events.on('held', (held) => (this.held = held));
    call.events.on('ended', (end) => this.callEnded(end));
    if (call.state === 'active') this.active();
  }

  /** Answered: the conference says what comes now, a place in the room or a wait at its door. */
  private active(): void {
    if (this.phase !== 'joining') return;
    this.cancelJoin = this.options.platform.after(joinPatience, () => this.inside());
  }

  /** The call is at the room's door, or waits there no more. */
  private stopped({ reason }: Waiting): void {
    this.cancelJoin();
    if (reason === 'pin-wrong') this.pin = '';
    this.asked = reason;
    this.phase = 'waiting';
  }

  private inside(): void {
    this.cancelJoin();
    this.asked = 'none';
    if (this.phase !== 'ended') this.phase = 'room';
  }

  private callEnded(end: CallEnd): void {
    const stage = this.stage();
    this.call = undefined;
    this.held = false;
    this.cancelJoin();
    this.depart();
    this.switches.disconnect();
    if (this.options.room === '') this.idle(end);
    // Only what broke inside a meeting is mended silently; the server's own word is final.
    else if (!mends(end) || stage === 'coming' || ++this.rejoins > mostRejoins) this.finish(callEnding(end, stage));
    else {
      this.mediaLost = true;
      if (this.session.state === 'ready') this.dial();
    }
  }

  /** Who waits to be called waits for the next call. */
  private idle(end: CallEnd): void {
    if (this.phase === 'ended') return;
    const missed = this.caller;
    if (missed && end.by !== 'local') this.notices.add(strings.line.missed(missed.name || missed.number));
    this.caller = undefined;
    this.mediaLost = false;
    this.members = [];
    this.join = undefined;
    this.phase = 'idle';
  }

  private stage(): Stage {
    if (this.phase === 'room') return 'inside';
    if (this.phase !== 'waiting') return 'coming';
    return this.asked === 'admission' ? 'admission' : 'pin';
  }

  private depart(): void {
    this.conference?.close();
    this.conference = undefined;
    this.canvas.detach();
    this.moderation.detach();
    this.signs.detach();
  }

  private joined(info: JoinInfo): void {
    this.depart();
    const conference = new Conference(this.session, this.options.platform, info);
    this.conference = conference;
    this.canvas.attach(conference);
    this.moderation.attach(conference);
    this.signs.attach(conference);
    this.join = info;
    this.chat.me = info.memberID;
    const { events } = conference;
    events.on('members', (members) => this.roster(members));
    events.on('joined', (member) => this.moved(conference, member, strings.members.joined));
    events.on('changed', () => this.roster(conference.members()));
    events.on('left', (member) => this.moved(conference, member, strings.members.left));
    events.on('room', (room) => (this.room = room));
    events.on('chat', (message) => this.heard(message));
    events.on('history', (messages) => this.chat.recall(messages));
    conference.open();
    this.inside();
    if (this.wantsPersonal) void this.keepPersonal();
  }

  /** Somebody came or went. */
  private moved(conference: Conference, member: Member, words: (name: string) => string): void {
    this.roster(conference.members());
    if (member.id !== conference.info.memberID) this.notices.add(words(displayName(member)));
  }

  private heard(message: ChatMessage): void {
    const line = this.chat.receive(message);
    if (!line || line.mine || this.chat.visible) return;
    const said = line.to > 0 ? strings.chat.saidPrivately : strings.chat.said;
    this.notices.add(said(line.from, line.text.slice(0, 120)));
  }

  private async keepPersonal(): Promise<void> {
    const why = await this.setPersonal(true);
    if (why !== '') this.notices.add(why);
  }

  private roster(members: Member[]): void {
    const own = this.join?.memberID;
    if (this.moderation.allowed) {
      for (const name of newlyRaised(this.members, members, own)) this.notices.add(strings.members.raised(name));
    }
    this.members = members;
    this.me = members.find(({ id }) => id === own);
    if (!this.me) return;
    this.switches.follow(this.me);
    if (this.me.role) this.moderation.follow(this.me.role === 'moderator');
  }

  private finish(why: Ending): void {
    if (this.phase === 'ended') return;
    this.phase = 'ended';
    this.ending = why;
    this.caller = undefined;
    this.cancelJoin();
    this.depart();
    this.switches.disconnect();
    this.session.close();
  }
}

/** What broke the call may be gone: media or signalling failed, or the server saw that for this side. */
function mends({ by, code }: CallEnd): boolean {
  return by === 'failure' || (by === 'remote' && (code === Cause.mediaTimeout || code === Cause.timerExpired));
}
