// Fakes for the tests: a platform whose time is moved by hand, a server that the test scripts, a peer connection.

import type { JSONObject } from './json';
import { isObject, object, parse, text } from './json';
import type { Peer, PeerEvents, Platform, Socket, SocketEvents } from './platform';

export interface Sent {
  id: number;
  method: string;
  params: JSONObject;
}

/** One connection seen from the server. */
export class FakeSocket implements Socket {
  readonly frames: JSONObject[] = [];
  open = false;
  private lastID = 100;

  constructor(
    readonly url: string,
    private readonly events: SocketEvents,
  ) {}

  send(data: string): void {
    if (!this.open) throw new Error('sent on a socket that is not open');
    this.frames.push(object(parse(data)));
  }

  close(): void {
    this.drop();
  }

  accept(): void {
    this.open = true;
    this.events.opened();
  }

  drop(code = 1006): void {
    this.open = false;
    this.events.closed(code, '');
  }

  /** All requests of the client so far, or those of one method. */
  sent(method?: string): Sent[] {
    return this.frames
      .filter((frame) => typeof frame['method'] === 'string' && (method === undefined || frame['method'] === method))
      .map((frame) => ({ id: Number(frame['id']), method: text(frame['method']), params: object(frame['params']) }));
  }

  /** The latest request of a method; there must be one. */
  last(method: string): Sent {
    const request = this.sent(method).at(-1);
    if (!request) throw new Error(`client has not sent ${method}`);
    return request;
  }

  replies(): JSONObject[] {
    return this.frames.filter((frame) => isObject(frame['result']));
  }

  raw(data: string): void {
    this.events.message(data);
  }

  call(method: string, params: JSONObject): void {
    this.raw(JSON.stringify({ jsonrpc: '2.0', id: ++this.lastID, method, params }));
  }

  event(params: JSONObject): void {
    this.call('verto.event', params);
  }

  async result(request: Sent, result: JSONObject = {}): Promise<void> {
    this.raw(JSON.stringify({ jsonrpc: '2.0', id: request.id, result }));
    await settled();
  }

  async error(request: Sent, error: JSONObject): Promise<void> {
    this.raw(JSON.stringify({ jsonrpc: '2.0', id: request.id, error }));
    await settled();
  }
}

/** Lets every promise that can settle do so. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

export class FakePlatform implements Platform {
  readonly sockets: FakeSocket[] = [];
  /** What random() gives. */
  chance = 1;
  private now = 0;
  private lastID = 0;
  private timers: Array<{ at: number; run: () => void }> = [];

  connect(url: string, events: SocketEvents): Socket {
    const socket = new FakeSocket(url, events);
    this.sockets.push(socket);
    return socket;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.now + ms, run };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  }

  uuid(): string {
    return `id-${++this.lastID}`;
  }

  random(): number {
    return this.chance;
  }

  /** The newest connection. */
  get socket(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (!socket) throw new Error('no socket was opened');
    return socket;
  }

  /** Moves time on and runs what is due, in order. */
  async advance(ms: number): Promise<void> {
    const end = this.now + ms;
    for (;;) {
      const due = this.timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!due) break;
      this.now = due.at;
      this.timers = this.timers.filter((timer) => timer !== due);
      due.run();
      await settled();
    }
    this.now = end;
  }

  /** How many timers wait. */
  get pending(): number {
    return this.timers.length;
  }
}

export class FakePeer implements Peer {
  static made: FakePeer[] = [];
  readonly log: string[] = [];
  failAccept = false;

  constructor(readonly events: PeerEvents) {
    FakePeer.made.push(this);
  }

  static latest(): FakePeer {
    const peer = FakePeer.made.at(-1);
    if (!peer) throw new Error('no peer was made');
    return peer;
  }

  async offer(restart: boolean): Promise<string> {
    this.log.push(restart ? 'restart' : 'offer');
    return restart ? 'restart-sdp' : 'offer-sdp';
  }

  async accept(answer: string): Promise<void> {
    if (this.failAccept) throw new Error('unusable answer');
    this.log.push(`accept ${answer}`);
  }

  async answer(offer: string): Promise<string> {
    this.log.push(`answer ${offer}`);
    return 'answer-sdp';
  }

  close(): void {
    this.log.push('close');
  }
}

/** Brings a session's newest socket to the logged-in state. */
export async function logIn(platform: FakePlatform, reattached: string[] = []): Promise<FakeSocket> {
  const socket = platform.socket;
  socket.accept();
  await socket.result(socket.last('login'), { message: 'logged in', sessid: 'session' });
  socket.call('verto.clientReady', { reattached_sessions: reattached });
  await settled();
  return socket;
}
