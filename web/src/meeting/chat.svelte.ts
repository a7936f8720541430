// The lines of a meeting's chat.

import type { ChatMessage } from '../../verto';
import { plainName } from './links';

export interface Line {
  id: number;
  from: string;
  text: string;
  time: Date;
  mine: boolean;
  /** The writer's member id, 0 if unknown. */
  fromID: number;
  /** The member id of the one who alone reads it, 0 when everybody does. */
  to: number;
}

const most = 500;
/** How long a sent line may take to come back, in milliseconds. */
const echoTime = 10_000;
/** Longest text that is kept of one line: more is an attack on the page, not a message. */
const longest = 4_000;

/** Chat keeps the newest lines and counts those that came while nobody looked. */
export class Chat {
  lines = $state.raw<Line[]>([]);
  unread = $state(0);
  visible = $state(false);
  /** This user's member id, by which servers say whose a line is; 0 while it is unknown. */
  me = 0;
  private lastID = 0;
  private sent: Array<{ text: string; at: number }> = [];
  /** The server's numbers of the lines that are here. */
  private known = new Set<number>();

  constructor(private readonly now: () => number = Date.now) {}

  /** Says whether the lines can be seen now. */
  show(visible: boolean): void {
    this.visible = visible;
    if (visible) this.unread = 0;
  }

  /** Remembers what this user sends: the server gives it back without saying whose it is. */
  sending(text: string): void {
    this.sent.push({ text, at: this.now() });
  }

  notSent(text: string): void {
    this.sent = this.sent.filter((line) => line.text !== text);
  }

  /** Takes a line from the server; undefined if it is here already. */
  receive(message: ChatMessage): Line | undefined {
    if (message.id > 0 && this.known.has(message.id)) return undefined;
    const line = this.line(message, this.isMine(message));
    this.lines = [...this.lines, line].slice(-most);
    if (!this.visible && !line.mine) this.unread++;
    return line;
  }

  /** Takes what was said before, or while the connection was lost: what is new of it goes where it belongs. */
  recall(messages: ChatMessage[]): void {
    const fresh = messages.filter(({ id }) => id > 0 && !this.known.has(id));
    const lines = fresh.map((message) => this.line(message, message.fromID > 0 && message.fromID === this.me));
    // Lines without a time of the server have that of this clock: near enough for an order.
    this.lines = [...this.lines, ...lines].sort((a, b) => a.time.getTime() - b.time.getTime()).slice(-most);
  }

  /** Servers that do not say who wrote a line give back what was sent. */
  private isMine({ text, fromID }: ChatMessage): boolean {
    this.sent = this.sent.filter(({ at }) => this.now() - at < echoTime);
    const index = this.sent.findIndex((line) => line.text === text);
    if (index >= 0 && (fromID === 0 || fromID === this.me)) this.sent.splice(index, 1);
    return fromID > 0 && this.me > 0 ? fromID === this.me : index >= 0;
  }

  private line(message: ChatMessage, mine: boolean): Line {
    if (message.id > 0) this.known.add(message.id);
    return {
      id: ++this.lastID,
      from: plainName(message.from),
      text: message.text.slice(0, longest),
      time: new Date(message.time || this.now()),
      mine,
      fromID: message.fromID,
      to: message.to,
    };
  }
}
