// What a moderator does to the canvas and to the people in it.

import {
  command,
  type Command,
  type Conference,
  type LayoutList,
  type Member,
  type Part,
  type Reply,
  type Visitor,
} from '../../verto';
import { strings } from '../strings';
import { plainName } from './links';
import type { Notices } from './notices.svelte';
import { uploadImage, type Login } from './upload';

export interface ModerationOptions {
  room: string;
  login: Login;
  notices: Notices;
  /** Stands for fetch in tests. */
  request?: typeof fetch;
}

/**
 * Moderation sends commands and shows the user what the server refuses; everything that it accepts is seen in the picture
 * and in the rows. All methods return whether the server has accepted.
 */
export class Moderation {
  /** This user may moderate. */
  allowed = $state(false);
  layouts = $state.raw<LayoutList>({ groups: [], layouts: [] });
  /** The layout or group that was chosen last, as far as it was heard: empty for not at all. */
  chosen = $state('');
  /** Texts of banners that moderators have set meanwhile, by member id. */
  banners = $state.raw<ReadonlyMap<number, string>>(new Map());
  /** Who waits to be let in, the longest first. */
  visitors = $state.raw<Visitor[]>([]);
  private conference: Conference | undefined;

  constructor(private readonly options: ModerationOptions) {}

  attach(conference: Conference): void {
    this.conference = conference;
    this.allowed = conference.info.modChannel !== '';
    conference.events.on('layouts', (layouts) => (this.layouts = layouts));
    conference.events.on('answered', ({ line, text }) => this.heard(line, text));
    conference.events.on('lobby', (visitors) => this.waits(visitors));
  }

  detach(): void {
    this.conference = undefined;
  }

  /** The own role changed while in the meeting. */
  follow(allowed: boolean): void {
    if (allowed === this.allowed) return;
    this.allowed = allowed;
    this.options.notices.add(allowed ? strings.moderation.promoted : strings.moderation.demoted);
    if (allowed) void this.conference?.moderate();
    else this.visitors = [];
  }

  mute(member: Member, on: boolean): Promise<boolean> {
    return this.ask(command.mute(member.id, on));
  }

  hide(member: Member, on: boolean): Promise<boolean> {
    return this.ask(command.hide(member.id, on));
  }

  /** Gives the member the large place for good, or ends that. */
  spotlight(member: Member): Promise<boolean> {
    return this.ask(command.spotlight(member.id));
  }

  banner(member: Member, text: string): Promise<boolean> {
    return this.ask(command.banner(member.id, text));
  }

  /** Puts a member on a cell. A reserved one takes who has its id, and so it stays his when the layout changes. */
  move(member: Member, layer: number, reservation: string): Promise<boolean> {
    return reservation === '' ? this.ask(command.move(member.id, layer)) : this.reserve(member, reservation);
  }

  /** Gives a member a reservation id; empty takes it away. */
  async reserve(member: Member, reservation: string): Promise<boolean> {
    // The server would take the same id away again.
    if ((member.video?.reservation ?? '') === reservation) return true;
    return this.ask(command.reserve(member.id, reservation));
  }

  /** Shows an image in the member's cell; undefined takes it away. */
  async logo(member: Member, image: Blob | undefined): Promise<boolean> {
    if (!image) return this.ask(command.logo(member.id, ''));
    const { room, login, request } = this.options;
    try {
      const name = await uploadImage(room, login, image, request);
      return await this.ask(command.logo(member.id, name));
    } catch (error) {
      this.options.notices.add(error instanceof Error ? error.message : String(error));
      return false;
    }
  }

  turn(member: Member, how: 'mirror' | 'rotate' | '0'): Promise<boolean> {
    return this.ask(command.turn(member.id, how));
  }

  /** Shows a part of what a cell shows; undefined is the whole again. */
  zoom(canvas: number, layer: number, part: Part | undefined): Promise<boolean> {
    return this.ask(part ? command.zoom(canvas, layer, part) : command.unzoom(canvas, layer));
  }

  /** Removes a member, and keeps him out if he is not to come back. */
  remove(member: Member, forGood = false): Promise<boolean> {
    return this.ask(forGood ? command.ban(member.id) : command.kick(member.id));
  }

  /** Makes a member a moderator, or takes that from him. */
  promote(member: Member, on: boolean): Promise<boolean> {
    return this.ask(command.promote(member.id, on));
  }

  hold(member: Member, on: boolean): Promise<boolean> {
    return this.ask(command.hold(member.id, on));
  }

  rename(member: Member, name: string): Promise<boolean> {
    return this.ask(command.rename(member.id, name));
  }

  /** Lowers a member's hand, or everybody's. */
  lower(member: Member | 'all'): Promise<boolean> {
    return this.ask(command.hand(member === 'all' ? member : member.id, false));
  }

  muteAll(): Promise<boolean> {
    return this.ask(command.muteAll());
  }

  lock(on: boolean): Promise<boolean> {
    return this.ask(command.lock(on));
  }

  /** Asks everybody who comes for a PIN; empty ends that. */
  pin(digits: string): Promise<boolean> {
    return this.ask(command.pin(digits));
  }

  lobby(on: boolean): Promise<boolean> {
    return this.ask(command.lobby(on));
  }

  admit(visitor: Visitor | 'all'): Promise<boolean> {
    return this.ask(command.admit(visitor === 'all' ? visitor : visitor.id));
  }

  deny(visitor: Visitor): Promise<boolean> {
    return this.ask(command.deny(visitor.id));
  }

  /** Calls a user of the server into the meeting. */
  async dial(user: string): Promise<boolean> {
    const done = await this.ask(command.dial(user));
    if (done) this.options.notices.add(strings.moderation.dialling(user));
    return done;
  }

  /** Ends the meeting for everybody. */
  end(): Promise<boolean> {
    return this.ask(command.end());
  }

  /** Chooses a layout or a group for a canvas, counted from 0. */
  layout(name: string, canvas: number): Promise<boolean> {
    const several = (this.conference?.info.canvasCount ?? 1) > 1;
    return this.ask(command.layout(name, several ? canvas : undefined));
  }

  /** Asks what layouts there are; they come to layouts. */
  loadLayouts(): Promise<boolean> {
    return this.ask(command.layouts());
  }

  private async ask(command: Command): Promise<boolean> {
    const { conference } = this;
    const reply: Reply = conference ? await conference.run(command) : { ok: false, text: '' };
    if (!reply.ok) this.options.notices.add(refusal(reply));
    return reply.ok;
  }

  private heard(line: string, text: string): void {
    const [, name, id, ...rest] = line.split(' ');
    if (name === 'vid-banner' && text.startsWith('+OK')) this.bannered(Number(id), rest.join(' '));
    const choice = /^(?:\+OK|-ERR) Change (?:[a-z ]*\d* ?to )?layout (group )?\[(.+)\]$/.exec(text);
    if (name === 'vid-layout' && choice) this.chosen = (choice[1] ? 'group:' : '') + (choice[2] ?? '');
  }

  private waits(visitors: Visitor[]): void {
    const known = new Set(this.visitors.map(({ id }) => id));
    this.visitors = [...visitors].sort((a, b) => a.since - b.since);
    for (const { id, name } of this.visitors) {
      if (!known.has(id)) this.options.notices.add(strings.moderation.waits(plainName(name) || strings.members.unknown));
    }
  }

  private bannered(id: number, words: string): void {
    const banners = new Map(this.banners);
    if (['', 'clear', 'allclear', 'reset'].includes(words)) banners.delete(id);
    else banners.set(id, decoded(words));
    this.banners = banners;
  }
}

/** A banner's words as another client may have encoded them. */
function decoded(words: string): string {
  try {
    return decodeURIComponent(words);
  } catch {
    return words;
  }
}

/** The server's refusal in words for the user. */
export function refusal({ text }: Reply): string {
  const words = text.replace(/^-ERR\s*/, '').split('\n')[0] ?? '';
  return words === '' ? strings.moderation.failed : strings.moderation.refused(words);
}
