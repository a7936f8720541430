// A conference as one of its members sees it: the members, the chat, and the layout of the canvas.

import { chatHistory, chatLine, chatMessage, type ChatMessage } from './chat';
import { command, Commands, type Command, type Reply } from './commands';
import { Emitter, type Unlisten } from './emitter';
import { CanvasGeometry, type Geometry } from './geometry';
import { array, number, object, text, type JSONObject, type JSONValue } from './json';
import { layoutList, type LayoutList } from './layouts';
import { LiveArray } from './livearray';
import { member, role, type Member, type Role } from './member';
import type { Platform } from './platform';
import { lobby, reaction, roomInfo, type Reaction, type RoomInfo, type Visitor } from './running';
import type { Session } from './session';

/** The news of having joined, from the session's private event. */
export interface JoinInfo {
  callID: string;
  name: string;
  memberID: number;
  role: Role;
  canvasCount: number;
  laChannel: string;
  chatChannel: string;
  infoChannel: string;
  /** Empty unless the member is a moderator. */
  modChannel: string;
  /** The call is an auxiliary leg, a shared screen say, and not the member himself. */
  auxiliary: boolean;
}

/** One cell of the layout in pixels of the canvas. */
export interface Cell {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Layout {
  name: string;
  canvas: number;
  cells: Cell[];
}

export interface ConferenceEvents {
  /** The table is new; the members are read from members(). */
  members: Member[];
  joined: Member;
  changed: Member;
  left: Member;
  chat: ChatMessage;
  /** What was said before this member came, or while he was away; some of it may be known. */
  history: ChatMessage[];
  room: RoomInfo;
  reaction: Reaction;
  /** Who waits to be let in; told to moderators. */
  lobby: Visitor[];
  layout: Layout;
  /** What the shown frame shows has changed, or whether a message about it waits for its frame. */
  geometry: Geometry | undefined;
  /** A moderator asked what there is to choose from. */
  layouts: LayoutList;
  /** A moderator's command was answered, this member's or another one's: the line and what the server said. */
  answered: { line: string; text: string };
}

/** How long a bootstrap may take until it is asked for again. */
const bootstrapPatience = 5_000;

/** Reads a private event: what was joined, or undefined if it says something else. */
export function joinInfo(pvtData: JSONObject): JoinInfo | undefined {
  if (text(pvtData['action']) !== 'conference-liveArray-join') return undefined;
  return {
    callID: text(pvtData['callID']),
    name: text(pvtData['laName']),
    memberID: number(pvtData['conferenceMemberID'], 0),
    role: role(pvtData['role']) ?? 'participant',
    canvasCount: number(pvtData['canvasCount'], 0),
    laChannel: text(pvtData['laChannel']),
    chatChannel: text(pvtData['chatChannel']),
    infoChannel: text(pvtData['infoChannel']),
    modChannel: text(pvtData['modChannel']),
    auxiliary: ['screenShare', 'videoOnly', 'secondScreen'].some((key) => pvtData[key] === true),
  };
}

/** The call id of a private event that says that a conference was left, or undefined. */
export function partedCall(pvtData: JSONObject): string | undefined {
  return text(pvtData['action']) === 'conference-liveArray-part' ? text(pvtData['callID']) : undefined;
}

export class Conference {
  readonly events = new Emitter<ConferenceEvents>();
  /** Where everybody is in the shown frame. */
  readonly geometry: CanvasGeometry;
  private readonly array: LiveArray;
  private readonly commands: Commands;
  private readonly unlisten: Unlisten;
  private cancelRetry: () => void = () => {};
  private closed = false;

  constructor(
    private readonly session: Session,
    private readonly platform: Platform,
    readonly info: JoinInfo,
  ) {
    this.array = new LiveArray(info.name, {
      reset: () => this.reset(),
      added: (key, row) => this.events.emit('joined', this.seen(member(key, row))),
      modified: (key, row) => this.events.emit('changed', this.seen(member(key, row))),
      deleted: (key, row) => this.events.emit('left', member(key, row)),
      resync: () => this.bootstrap(),
    });
    const after = platform.after.bind(platform);
    this.geometry = new CanvasGeometry({ after, changed: () => this.events.emit('geometry', this.geometry.current) });
    this.commands = new Commands({ after, send: (data) => session.broadcast(moderation(info), data) });
    this.unlisten = session.events.on('direct', (params) => this.addressed(params));
  }

  /** Subscribes to everything and asks for the table. Listeners are to be there before. */
  open(): void {
    const { laChannel, chatChannel, infoChannel, modChannel } = this.info;
    if (modChannel !== '') void this.moderate();
    void this.session.subscribe(infoChannel, (params) => this.shown(object(params['eventData'])));
    void this.session.subscribe(chatChannel, (params) => this.chatted(object(params['data'])));
    this.session.broadcast(chatChannel, { action: 'history' }).catch(() => undefined);
    void this.session.subscribe(laChannel, (params) => this.array.receive(object(params['data'])));
    this.bootstrap();
  }

  /** Ends the subscriptions. Nothing is told to listeners from here on. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.cancelRetry();
    this.unlisten();
    this.events.clear();
    this.geometry.close();
    this.commands.close();
    const { laChannel, chatChannel, infoChannel } = this.info;
    for (const channel of [laChannel, chatChannel, infoChannel, moderation(this.info)]) {
      void this.session.unsubscribe(channel);
    }
  }

  members(): Member[] {
    return this.array.entries().map(([key, row]) => member(key, row));
  }

  /** Hears the moderators' channel, for a member who has become one; true if the server allows it. */
  moderate(): Promise<boolean> {
    return this.session.subscribe(moderation(this.info), (params) => this.answered(object(params['data'])));
  }

  /** Sends a line to everybody, or to one member; it comes back as an event like everybody else's. */
  async chat(message: string, to = 0): Promise<void> {
    await this.session.broadcast(this.info.chatChannel, chatLine(message, to));
  }

  /** Asks for something that moderators may; the answer says whether it was done. */
  run(command: Command): Promise<Reply> {
    return this.commands.run(command);
  }

  /** Sees everybody but oneself (true), or the first canvas as everybody else does. No moderator is needed for this. */
  watchPersonal(on: boolean): Promise<Reply> {
    return this.run(command.watch(this.info.memberID, on ? 'personal' : 0));
  }

  private bootstrap(): void {
    if (this.closed) return;
    const { laChannel, name } = this.info;
    const liveArray = { command: 'bootstrap', context: laChannel, name, obj: {} };
    this.session.broadcast(laChannel, { liveArray }).catch(() => undefined);
    this.cancelRetry();
    this.cancelRetry = this.platform.after(bootstrapPatience, () => this.bootstrap());
  }

  private reset(): void {
    this.cancelRetry();
    // Cleared, and nothing follows: the table may have ended, or what follows was lost.
    if (this.array.stale) this.cancelRetry = this.platform.after(bootstrapPatience, () => this.bootstrap());
    const members = this.members();
    members.forEach((member) => this.seen(member));
    this.events.emit('members', members);
  }

  /** The own row tells which canvas is watched. */
  private seen(member: Member): Member {
    if (member.id === this.info.memberID) this.geometry.watch(member.video?.watching ?? 0);
    return member;
  }

  private chatted(data: JSONObject): void {
    const history = chatHistory(data);
    const message = chatMessage(data);
    if (history) this.events.emit('history', history);
    else if (message) this.events.emit('chat', message);
  }

  private addressed(params: JSONObject): void {
    // A session may be in several conferences; only some events say which one they are about.
    if (text(params['infoChannel'], this.info.infoChannel) !== this.info.infoChannel) return;
    const data = object(params['data']);
    this.geometry.receive(object(params['eventData']), true);
    this.stands(object(params['eventData']));
    if (text(data['action']) === 'history') this.chatted(data);
    else this.answered(data);
  }

  private answered(data: JSONObject): void {
    const visitors = lobby(data);
    if (visitors) this.events.emit('lobby', visitors);
    this.commands.receive(data);
    const line = text(data['conf-command']);
    if (line === 'list-videoLayouts') this.events.emit('layouts', layoutList(data['responseData']));
    else if (line !== '') this.events.emit('answered', { line, text: text(data['response']).trim() });
  }

  private stands(data: JSONObject): void {
    const room = roomInfo(data);
    const shown = reaction(data);
    if (room) this.events.emit('room', room);
    if (shown) this.events.emit('reaction', shown);
  }

  private shown(data: JSONObject): void {
    this.geometry.receive(data);
    this.stands(data);
    if (text(data['contentType']) !== 'layout-info') return;
    const info = object(data['canvasInfo']);
    this.events.emit('layout', {
      name: text(info['layoutName']),
      canvas: number(info['canvasID'], 0),
      cells: array(info['canvasLayouts']).map(cell),
    });
  }
}

/** The moderators' channel. Who is none is not told its name, but may ask there for what concerns himself. */
function moderation({ modChannel, infoChannel }: JoinInfo): string {
  return modChannel || infoChannel.replace(/^conference-info\./, 'conference-mod.');
}

function cell(value: JSONValue): Cell {
  const data = object(value);
  return {
    x: number(data['xPOS'], 0),
    y: number(data['yPOS'], 0),
    width: number(data['screenWidth'], 0),
    height: number(data['screenHeight'], 0),
  };
}
