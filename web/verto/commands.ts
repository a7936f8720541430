// What a moderator can ask of a conference, and the server's answers, which come apart from the requests.

import { text, type JSONObject, type JSONValue } from './json';

/** One request on the moderators' channel. */
export interface Command {
  command: string;
  /** A member id, or several members by a word. */
  id?: number | 'all' | 'non_moderator';
  value?: string | string[];
  /** What structured commands take beside id and value. */
  extra?: JSONObject;
  /** How the answer names the command when that differs: camera commands become lines of the cam command. */
  echo?: string;
}

/** The server's answer to a command. */
export interface Reply {
  ok: boolean;
  /** What the server said, without line breaks at the end. */
  text: string;
  data?: JSONValue;
}

/** A part of a picture in its own pixels. */
export interface Part {
  x: number;
  y: number;
  w: number;
  h: number;
}

/** The commands that clients use, by what they do. Member ids are numbers; canvases and layers count from 0 here. */
export const command = {
  mute: (id: number, on: boolean): Command => ({ command: on ? 'mute' : 'unmute', id }),
  /** Hides or shows a member's camera. */
  hide: (id: number, on: boolean): Command => ({ command: on ? 'vmute' : 'unvmute', id }),
  /** Gives the video floor for good; asked again, it ends that. */
  spotlight: (id: number): Command => ({ command: 'vid-floor', id, value: 'force' }),
  /** Empty takes the banner away. */
  banner: (id: number, words: string): Command => ({ command: 'vid-banner', id, value: words === '' ? 'clear' : encodeURIComponent(words) }),
  move: (id: number, layer: number): Command => ({ command: 'vid-layer', id, value: String(layer + 1) }),
  /** Empty takes the reservation away. A member who has this id already loses it. */
  reserve: (id: number, reservation: string): Command => ({ command: 'vid-res-id', id, value: reservation || 'clear' }),
  /** A file of the server's media folder; empty takes the logo away. */
  logo: (id: number, file: string): Command => ({ command: 'vid-logo-img', id, value: file || 'clear' }),
  turn: (id: number, how: 'mirror' | 'rotate' | '0'): Command => ({ command: 'vid-flip', id, value: how }),
  zoom: (canvas: number, layer: number, { x, y, w, h }: Part): Command => ({
    command: 'zoom-layer',
    extra: { canvasID: canvas, layerID: layer, dimensions: { x, y, w, h } },
    echo: `cam ${canvas} ${layer} zoom=`,
  }),
  unzoom: (canvas: number, layer: number): Command => ({
    command: 'reset-layer',
    extra: { canvasID: canvas, layerID: layer },
    echo: `cam ${canvas} ${layer} reset`,
  }),
  kick: (id: number): Command => ({ command: 'kick', id }),
  /** Removes a member and keeps him out. */
  ban: (id: number): Command => ({ command: 'ban', id }),
  /** Moderators stay as they are. */
  muteAll: (): Command => ({ command: 'mute', id: 'non_moderator' }),
  promote: (id: number, on: boolean): Command => ({ command: on ? 'promote' : 'demote', id }),
  /** The member hears nothing and is not heard; music plays meanwhile. */
  hold: (id: number, on: boolean): Command => ({ command: on ? 'hold' : 'unhold', id }),
  lock: (on: boolean): Command => ({ command: on ? 'lock' : 'unlock' }),
  /** Empty ends asking for one. */
  pin: (digits: string): Command => (digits === '' ? { command: 'nopin' } : { command: 'pin', value: digits }),
  lobby: (on: boolean): Command => ({ command: 'lobby', value: on ? 'on' : 'off' }),
  admit: (id: number | 'all'): Command => ({ command: 'admit', id }),
  deny: (id: number): Command => ({ command: 'deny', id }),
  /** Calls a user of the server and brings him in when he answers. */
  dial: (user: string): Command => ({ command: 'bgdial', value: `user/${user}` }),
  /** Ends the meeting for all. */
  end: (): Command => ({ command: 'endconf' }),
  /** Raises or lowers a hand: everybody his own, moderators all. */
  hand: (id: number | 'all', up: boolean): Command => ({ command: 'hand', id, value: up ? 'on' : 'off' }),
  rename: (id: number, name: string): Command => ({ command: 'rename', id, value: name }),
  react: (id: number, emoji: string): Command => ({ command: 'react', id, value: emoji }),
  /** A layout's or a group's name; without a canvas it is the first one's. */
  layout: (name: string, canvas?: number): Command => ({ command: 'vid-layout', value: canvas === undefined ? name : [name, String(canvas + 1)] }),
  layouts: (): Command => ({ command: 'list-videoLayouts' }),
  /** A canvas, or a canvas of one's own with everybody else. Everybody may ask that for himself. */
  watch: (id: number, canvas: number | 'personal'): Command => ({
    command: 'vid-watching-canvas',
    id,
    value: canvas === 'personal' ? canvas : String(canvas + 1),
  }),
};

/** The command as the server wants it. */
export function wire({ command, id, value, extra }: Command): JSONObject {
  return { application: 'conf-control', command, id: id ?? null, value: value ?? null, ...extra };
}

interface Pending {
  command: Command;
  settle(reply: Reply): void;
}

export interface CommandsOptions {
  /** Sends to the moderators' channel; it fails if the server refuses. */
  send(data: JSONObject): Promise<void>;
  /** Runs the function once after the milliseconds; the function returned cancels that. */
  after(ms: number, run: () => void): () => void;
}

/** How long an answer is waited for. Some commands are never answered, so silence is no error. */
const patience = 5_000;

/**
 * Commands sends commands and finds the answers among those to all moderators: each names its command, and nothing else
 * tells whose it is. Of equal ones the oldest is answered first.
 */
export class Commands {
  private pending: Pending[] = [];

  constructor(private readonly options: CommandsOptions) {}

  /** Settles with the answer, with silence taken as consent; a refused broadcast is an answer that is not ok. */
  run(command: Command): Promise<Reply> {
    return new Promise((resolve) => {
      const cancel = this.options.after(patience, () => entry.settle({ ok: true, text: '' }));
      const entry: Pending = {
        command,
        settle: (answer) => {
          cancel();
          this.pending = this.pending.filter((other) => other !== entry);
          resolve(answer);
        },
      };
      this.pending.push(entry);
      this.options.send(wire(command)).catch((error: unknown) => {
        entry.settle({ ok: false, text: error instanceof Error ? error.message : String(error) });
      });
    });
  }

  /** Takes the member `data` of an event; true if it answers a command of ours. */
  receive(data: JSONObject): boolean {
    if (text(data['action']) !== 'response') return false;
    const line = text(data['conf-command']);
    // An answer that names no command refuses whatever was asked last.
    const entry = line === '' ? this.pending[0] : this.find(line);
    entry?.settle(reply(data));
    return entry !== undefined;
  }

  /** Ends what waits as if it were answered. */
  close(): void {
    for (const entry of this.pending) entry.settle({ ok: true, text: '' });
  }

  private find(line: string): Pending | undefined {
    const answers = this.pending.filter(({ command }) => answered(command, line));
    // The same command may be under way twice with different values.
    return answers.find(({ command }) => line.includes(String(command.value ?? ''))) ?? answers[0];
  }
}

/** Whether a line, "3500 vid-banner 7 text" or just "list-videoLayouts", is this command. */
function answered({ command, id, echo }: Command, line: string): boolean {
  if (line === command) return true;
  const rest = line.slice(line.indexOf(' ') + 1);
  const start = echo ?? (id === undefined ? command : `${command} ${id}`);
  // What follows must not be more of the same number.
  return rest === start || rest.startsWith(start + ' ') || (echo !== undefined && rest.startsWith(echo));
}

function reply(data: JSONObject): Reply {
  const said = (text(data['error']) || text(data['response'])).trim();
  return {
    ok: text(data['error']) === '' && accepted(said, text(data['conf-command'])),
    text: said,
    ...(data['responseData'] === undefined ? {} : { data: data['responseData'] }),
  };
}

/** FreeSWITCH says this when it has done what was asked. */
const mislabelled = '-ERR Change personal canvas to layout group';

/** A refusal has a line with -ERR, or is the usage line of the command, which begins with its name. */
function accepted(said: string, line: string): boolean {
  if (said === '' || said.startsWith(mislabelled)) return true;
  const lines = said.split('\n');
  const [, name] = line.split(' ');
  return !lines.some((entry) => entry.startsWith('-') || /^usage\b/i.test(entry)) && !(name && said.startsWith(`${name} `));
}
