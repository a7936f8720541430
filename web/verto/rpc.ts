// JSON-RPC 2.0 over one socket, the way Verto speaks it: every server message is a request, few of them want a reply.

import { isObject, number, object, parse, text, type JSONObject, type JSONValue } from './json';
import type { Platform } from './platform';

/** A request that did not succeed: refused by the server, timed out, or cut off with the socket. */
export class RPCError extends Error {
  override readonly name = 'RPCError';

  constructor(
    /** The server's code; 0 if it gave none, RPCError.closed or RPCError.timeout if there was no answer. */
    readonly code: number,
    message: string,
    /** The whole error object. */
    readonly data: JSONObject = {},
  ) {
    super(message);
  }

  static readonly closed = 1;
  static readonly timeout = 2;

  /** The server did not refuse: it never said anything. */
  get unanswered(): boolean {
    return this.code === RPCError.closed || this.code === RPCError.timeout;
  }
}

/** Handles a request of the server; true says that it was handled, which Verto acknowledges for calls only. */
export type RequestHandler = (method: string, params: JSONObject) => boolean;

interface Pending {
  resolve(result: JSONObject): void;
  reject(error: RPCError): void;
  cancelTimeout(): void;
}

/** RPC is one connection's worth of requests. It owns no socket: it is given text and gives text. */
export class RPC {
  private readonly pending = new Map<number, Pending>();
  private closed = false;

  /**
   * nextID is shared by all connections of a session, because ids never start again.
   * timeout is how long a request may stay without an answer, in milliseconds.
   */
  constructor(
    private readonly platform: Platform,
    private readonly send: (data: string) => void,
    private readonly onRequest: RequestHandler,
    private readonly nextID: () => number,
    private readonly timeout = 15_000,
  ) {}

  /** Sends a request and settles with its answer; it never stays open for ever. */
  request(method: string, params: JSONObject): Promise<JSONObject> {
    if (this.closed) {
      return Promise.reject(new RPCError(RPCError.closed, `${method}: connection closed`));
    }
    const id = this.nextID();
    return new Promise((resolve, reject) => {
      const cancelTimeout = this.platform.after(this.timeout, () => {
        this.pending.delete(id);
        reject(new RPCError(RPCError.timeout, `${method}: no answer`));
      });
      this.pending.set(id, { resolve, reject, cancelTimeout });
      this.send(JSON.stringify({ jsonrpc: '2.0', method, params, id }));
    });
  }

  /** Takes one text frame. What is not a message of the protocol is ignored. */
  receive(data: string): void {
    if (this.closed || data.startsWith('#')) return;
    const message = parse(data);
    if (!isObject(message)) return;
    if (typeof message['method'] === 'string') {
      this.answer(message, message['method']);
    } else {
      this.settle(message);
    }
  }

  /** Ends all requests that are still open. */
  close(): void {
    this.closed = true;
    for (const request of this.pending.values()) {
      request.cancelTimeout();
      request.reject(new RPCError(RPCError.closed, 'connection closed'));
    }
    this.pending.clear();
  }

  private answer(message: JSONObject, method: string): void {
    const params = object(message['params']);
    const handled = this.onRequest(method, params);
    // Only messages about a call are acknowledged; an event, ping or punt never is.
    if (handled && text(params['callID']) !== '' && !this.closed) {
      this.send(JSON.stringify({ jsonrpc: '2.0', id: message['id'] ?? null, result: { method } }));
    }
  }

  private settle(message: JSONObject): void {
    const id = number(message['id'], -1);
    const request = this.pending.get(id);
    if (!request) return;
    this.pending.delete(id);
    request.cancelTimeout();
    if (message['error'] !== undefined) {
      request.reject(rpcError(message['error']));
    } else {
      request.resolve(object(message['result']));
    }
  }
}

function rpcError(value: JSONValue | undefined): RPCError {
  const data = object(value);
  return new RPCError(number(data['code'], 0), text(data['message'], 'request refused'), data);
}
