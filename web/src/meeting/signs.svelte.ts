// Signs that people give: raised hands and reactions.

import { command, type Command, type Conference, type Reaction } from '../../verto';
import { strings } from '../strings';
import { plainName } from './links';
import { refusal } from './moderation.svelte';
import type { Notices } from './notices.svelte';

/** A reaction on its way over the picture. */
export interface Floating {
  id: number;
  member: number;
  name: string;
  emoji: string;
}

/** What the bar offers; others may send any. */
export const emojis = ['👍', '👏', '😂', '❤️', '😮', '🎉', '👎'] as const;

/** How long a reaction is seen, in milliseconds. */
export const floatTime = 4_000;
/** More at once hide the picture. */
const most = 12;

export interface SignsOptions {
  notices: Notices;
  after(ms: number, run: () => void): () => void;
}

/** Signs shows the reactions of all, and gives those of this user. */
export class Signs {
  floating = $state.raw<Floating[]>([]);
  private conference: Conference | undefined;
  private lastID = 0;

  constructor(private readonly options: SignsOptions) {}

  attach(conference: Conference): void {
    this.conference = conference;
    conference.events.on('reaction', (reaction) => this.show(reaction));
  }

  detach(): void {
    this.conference = undefined;
  }

  /** Raises or lowers the own hand. */
  raise(up: boolean): Promise<boolean> {
    return this.ask((me) => command.hand(me, up));
  }

  react(emoji: string): Promise<boolean> {
    return this.ask((me) => command.react(me, emoji));
  }

  rename(name: string): Promise<boolean> {
    return this.ask((me) => command.rename(me, name));
  }

  private async ask(about: (me: number) => Command): Promise<boolean> {
    const { conference } = this;
    const reply = conference ? await conference.run(about(conference.info.memberID)) : { ok: false, text: '' };
    if (!reply.ok) this.options.notices.add(refusal(reply));
    return reply.ok;
  }

  private show({ member, name, reaction }: Reaction): void {
    const emoji = [...plainName(reaction)].slice(0, 8).join('');
    if (emoji === '') return;
    const floating = { id: ++this.lastID, member, name: plainName(name) || strings.members.unknown, emoji };
    this.floating = [...this.floating, floating].slice(-most);
    this.options.after(floatTime, () => {
      this.floating = this.floating.filter(({ id }) => id !== floating.id);
    });
  }
}
