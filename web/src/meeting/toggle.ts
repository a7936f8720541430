// A switch whose truth is elsewhere: the server can only be told to flip, and says afterwards how it stands.

export interface ToggleOptions {
  /** How the switch stands at first. Off is asked of the server; on is not, since a room may admit people muted. */
  initial: boolean;
  /** Asks the server to flip. */
  flip(): Promise<void>;
  after(ms: number, run: () => void): () => void;
  /** The position changed, by the user or (not his own doing) by the server. */
  changed(on: boolean, byServer: boolean): void;
  /** The server did not follow within its time; the switch is back where the server has it. */
  failed(): void;
}

/** How long the server may take to say that it has flipped. */
const patience = 4_000;

/**
 * Toggle never has two flips under way: two would cancel each other out. While one is under way, further wishes wait for
 * the server's word, and only if they differ from it is there another flip.
 */
export class Toggle {
  private wanted: boolean | undefined;
  private server: boolean | undefined;
  private flipping: boolean | undefined; // to which position
  private cancel: () => void = () => {};
  private shown: boolean;

  constructor(private readonly options: ToggleOptions) {
    this.shown = options.initial;
    this.wanted = options.initial ? undefined : false;
  }

  /** The position as the user should see it: what he wants, until the server says otherwise. */
  get on(): boolean {
    return this.shown;
  }

  /** The user wants this position. */
  set(on: boolean): void {
    this.wanted = on;
    this.settle(false);
  }

  /** The server says how it stands. */
  follow(on: boolean): void {
    this.server = on;
    if (this.flipping === on) this.landed();
    this.settle(true);
  }

  /** The server is gone: its position is unknown until it speaks again, and then counts as at the beginning. */
  disconnect(): void {
    this.landed();
    this.server = undefined;
    this.wanted = this.shown ? undefined : false;
  }

  private settle(byServer: boolean): void {
    if (this.flipping === undefined && this.wanted === this.server) this.wanted = undefined;
    this.show(this.wanted ?? this.server ?? this.shown, byServer);
    if (this.flipping === undefined && this.wanted !== undefined && this.server !== undefined) this.start(this.wanted);
  }

  private start(to: boolean): void {
    this.flipping = to;
    this.cancel = this.options.after(patience, () => this.giveUp());
    this.options.flip().catch(() => {
      if (this.flipping === to) this.giveUp();
    });
  }

  private landed(): void {
    this.cancel();
    this.flipping = undefined;
  }

  private giveUp(): void {
    this.landed();
    this.wanted = undefined;
    this.settle(false);
    this.options.failed();
  }

  private show(on: boolean, byServer: boolean): void {
    if (on === this.shown) return;
    this.shown = on;
    this.options.changed(on, byServer);
  }
}
