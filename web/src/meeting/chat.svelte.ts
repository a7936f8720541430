// The lines of a meeting's chat.

import type { ChatMessage } from '../../verto';
import { plainName } from './links';

export interface Line {
  id: number;
  from: string;
  text: string;
  time: Date;
  mine: boolean;
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
  private lastID = 0;
  private sent: Array<{ text: string; at: number }> = [];

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

  /** Takes a line from the server. */
  receive(message: ChatMessage): Line {
    this.sent = this.sent.filter(({ at }) => this.now() - at < echoTime);
    const index = this.sent.findIndex(({ text }) => text === message.text);
    if (index >= 0) this.sent.splice(index, 1);
    const line = {
      id: ++this.lastID,
      from: plainName(message.from),
      text: message.text.slice(0, longest),
      time: new Date(this.now()),
      mine: index >= 0,
    };
    this.lines = [...this.lines, line].slice(-most);
    if (!this.visible && !line.mine) this.unread++;
    return line;
  }
}
