// A conference as one of its members sees it: the members, the chat, and the layout of the canvas.

import { Emitter } from './emitter';
import { array, number, object, text, type JSONObject, type JSONValue } from './json';
import { LiveArray } from './livearray';
import { member, type Member } from './member';
import type { Platform } from './platform';
import type { Session } from './session';

/** The news of having joined, from the session's private event. */
export interface JoinInfo {
  callID: string;
  name: string;
  memberID: number;
  role: 'moderator' | 'participant' | 'viewer';
  canvasCount: number;
  laChannel: string;
  chatChannel: string;
  infoChannel: string;
  /** Empty unless the member is a moderator. */
  modChannel: string;
  /** The call is an auxiliary leg, a shared screen say, and not the member himself. */
  auxiliary: boolean;
}

export interface ChatMessage {
  /** Who wrote it: the name that the server knows, or an address. */
  from: string;
  text: string;
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
  layout: Layout;
}

/** How long a bootstrap may take until it is asked for again. */
const bootstrapPatience = 5_000;

/** Reads a private event: what was joined, or undefined if it says something else. */
export function joinInfo(pvtData: JSONObject): JoinInfo | undefined {
  if (text(pvtData['action']) !== 'conference-liveArray-join') return undefined;
  const role = text(pvtData['role']);
  return {
    callID: text(pvtData['callID']),
    name: text(pvtData['laName']),
    memberID: number(pvtData['conferenceMemberID'], 0),
    role: role === 'moderator' || role === 'viewer' ? role : 'participant',
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
  private readonly array: LiveArray;
  private cancelRetry: () => void = () => {};
  private closed = false;

  constructor(
    private readonly session: Session,
    private readonly platform: Platform,
    readonly info: JoinInfo,
  ) {
    this.array = new LiveArray(info.name, {
      reset: () => this.reset(),
      added: (key, row) => this.events.emit('joined', member(key, row)),
      modified: (key, row) => this.events.emit('changed', member(key, row)),
      deleted: (key, row) => this.events.emit('left', member(key, row)),
      resync: () => this.bootstrap(),
    });
  }

  /** Subscribes to everything and asks for the table. Listeners are to be there before. */
  open(): void {
    const { laChannel, chatChannel, infoChannel } = this.info;
    void this.session.subscribe(infoChannel, (params) => this.layout(object(params['eventData'])));
    void this.session.subscribe(chatChannel, (params) => this.chatted(object(params['data'])));
    void this.session.subscribe(laChannel, (params) => this.array.receive(object(params['data'])));
    this.bootstrap();
  }

  /** Ends the subscriptions. Nothing is told to listeners from here on. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.cancelRetry();
    this.events.clear();
    for (const channel of [this.info.laChannel, this.info.chatChannel, this.info.infoChannel]) {
      void this.session.unsubscribe(channel);
    }
  }

  members(): Member[] {
    return this.array.entries().map(([key, row]) => member(key, row));
  }

  /** Sends a line to everybody; it comes back as an event like everybody else's. */
  async chat(message: string): Promise<void> {
    await this.session.broadcast(this.info.chatChannel, { action: 'send', message, type: 'message' });
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
    if (!this.array.stale) this.cancelRetry();
    this.events.emit('members', this.members());
  }

  private chatted(data: JSONObject): void {
    const line = text(data['message']);
    if (line === '') return;
    this.events.emit('chat', { from: text(data['fromDisplay']) || text(data['from']), text: line });
  }

  private layout(data: JSONObject): void {
    if (text(data['contentType']) !== 'layout-info') return;
    const info = object(data['canvasInfo']);
    this.events.emit('layout', {
      name: text(info['layoutName']),
      canvas: number(info['canvasID'], 0),
      cells: array(info['canvasLayouts']).map(cell),
    });
  }
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
