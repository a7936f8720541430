// What the library needs from its surroundings. A browser gives the real things, a test gives fakes.

/** What happens to one socket. message is called for text frames only; closed is called once, and nothing after it. */
export interface SocketEvents {
  opened(): void;
  message(data: string): void;
  closed(code: number, reason: string): void;
}

/** One WebSocket. send is called between opened and closed only; close may be called at any time. */
export interface Socket {
  send(data: string): void;
  close(): void;
}

export interface Platform {
  /** Opens a socket; its events come later, never from within this call. */
  connect(url: string, events: SocketEvents): Socket;
  /** Runs the function once after the milliseconds; the function returned cancels that. */
  after(ms: number, run: () => void): () => void;
  /** A fresh random UUID. */
  uuid(): string;
  /** A number from 0 (included) to 1, so that clients of one server do not all do the same at once. */
  random(): number;
}

/** What a peer connection reports. candidate is the text behind "a=", or "" when there are no more. */
export interface PeerEvents {
  candidate(candidate: string): void;
  /** Media flows (or flows again). */
  connected(): void;
  /** Media is interrupted and may come back by itself. */
  interrupted(): void;
  /** Media will not come back without a new negotiation. */
  failed(): void;
}

/** One peer connection: everything of a call that is not signalling. */
export interface Peer {
  /** Makes an offer and takes it as the local description. restart asks for new ICE credentials. */
  offer(restart: boolean): Promise<string>;
  /** Takes the server's answer to the last offer. */
  accept(answer: string): Promise<void>;
  /** Takes the server's offer and makes the answer to it. */
  answer(offer: string): Promise<string>;
  close(): void;
}

/** Makes the peer connection of one call. Events come later, never from within this call. */
export type PeerFactory = (events: PeerEvents) => Peer;
