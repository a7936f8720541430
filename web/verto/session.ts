// A login that survives its sockets: connects, authenticates, reconnects, and hands messages to calls and channels.

import { Call } from './call';
import { Cause } from './cause';
import { Channels, type ChannelHandler } from './channels';
import { Emitter } from './emitter';
import { array, flag, isObject, number, text, type JSONObject } from './json';
import type { PeerFactory, Platform, Socket } from './platform';
import { ErrorCode, Method, offer, ServerMethod, type CallOptions, type Credentials, type LoginResult, type Offer } from './protocol';
import { RPC, RPCError } from './rpc';

/**
 * The life of a session. `waiting` is between two attempts to connect; `closed` is final: after close(), a refused
 * login or a punt.
 */
export type SessionState = 'idle' | 'connecting' | 'authenticating' | 'ready' | 'waiting' | 'closed';

export interface SessionEvents {
  state: SessionState;
  /** Logged in, for the first time or again; calls that the server kept are listed. */
  ready: { login: LoginResult; reattached: string[] };
  /** The server refused the login. The session is closed. */
  refused: RPCError;
  /** The same session logged in elsewhere. The session is closed. */
  punted: undefined;
  /** An event for this session itself, such as the news of having joined a conference. */
  private: JSONObject;
  /** Any other event that is addressed to this session and not to a channel; the whole of its parameters. */
  direct: JSONObject;
}

export interface SessionOptions {
  url: string;
  credentials: Credentials;
  platform: Platform;
  /** Chosen by the client and kept over reconnects; the same id again takes the session over. */
  sessid: string;
  /** Longest pause between two attempts to connect, in milliseconds. */
  maxPause?: number;
  /**
   * The server offers a call that this session does not know: one to it, or one that it has kept for it. Who wants it
   * takes it with adopt() before this returns true; any other is declined.
   */
  offered?(offer: Offer): boolean;
}

const firstPause = 500;
/** How often the server is asked for a sign of life; a dead network is noticed after this and one request's timeout. */
const pingInterval = 15_000;

export class Session {
  readonly events = new Emitter<SessionEvents>();
  private readonly channels: Channels;
  private readonly calls = new Map<string, Call>();
  private current: SessionState = 'idle';
  private socket: Socket | undefined;
  private rpc: RPC | undefined;
  private lastID = 0;
  private pause = firstPause;
  private login: LoginResult | undefined;
  private cancelRetry: () => void = () => {};
  private cancelPing: () => void = () => {};

  constructor(private readonly options: SessionOptions) {
    this.channels = new Channels((method, params) => this.request(method, params));
  }

  get state(): SessionState {
    return this.current;
  }

  get sessid(): string {
    return this.options.sessid;
  }

  /** Opens the socket and keeps the session up from then on. To be called once. */
  connect(): void {
    if (this.current === 'idle') this.open();
  }

  /** Acts on news about the network: connects at once instead of waiting, or asks whether the server is still there. */
  networkChanged(): void {
    if (this.current === 'ready') this.ping();
    if (this.current !== 'waiting') return;
    this.cancelRetry();
    this.pause = firstPause;
    this.open();
  }

  /** Ends the session for good. Calls end without a bye; hang up first if the server is to know. */
  close(): void {
    if (this.current === 'closed') return;
    this.cancelRetry();
    this.setState('closed');
    this.drop();
    for (const call of [...this.calls.values()]) call.abandon('session closed');
    this.channels.clear();
  }

  /** Sends one request with the session's id. It fails at once when there is no connection. */
  request(method: string, params: JSONObject): Promise<JSONObject> {
    if (!this.rpc) {
      return Promise.reject(new RPCError(RPCError.closed, `${method}: not connected`));
    }
    return this.rpc.request(method, { ...params, sessid: this.options.sessid });
  }

  /** Makes a call; it does nothing before its invite(). */
  call(options: CallOptions, peer: PeerFactory): Call {
    return this.add(this.options.platform.uuid(), options, peer);
  }

  /** Takes a call that the server offers: one to this user rings from here on, one that was kept is resumed. */
  adopt({ kind, callID, sdp }: Offer, options: CallOptions, peer: PeerFactory): Call {
    const call = this.add(callID, options, peer);
    if (kind === 'invite') call.ring(sdp);
    else call.resume(sdp);
    return call;
  }

  /** Receives the events of a channel, or of all channels that begin with it and a dot. */
  subscribe(channel: string, handler: ChannelHandler): Promise<boolean> {
    return this.channels.subscribe(channel, handler);
  }

  unsubscribe(channel: string): Promise<void> {
    return this.channels.unsubscribe(channel);
  }

  /** Sends data on a channel; refusals come back as an error although the server calls them a result. */
  async broadcast(channel: string, data: JSONObject): Promise<void> {
    const result = await this.request(Method.broadcast, { eventChannel: channel, data });
    const code = number(result['code'], 0);
    if (code !== 0) throw new RPCError(code, text(result['message']), result);
  }

  private add(id: string, options: CallOptions, peer: PeerFactory): Call {
    const { platform } = this.options;
    const call = new Call({ id, options, peer, platform, request: (method, params) => this.request(method, params) });
    this.calls.set(id, call);
    call.events.on('ended', () => this.calls.delete(id));
    return call;
  }

  private open(): void {
    this.setState('connecting');
    const rpc = new RPC(
      this.options.platform,
      (data) => this.socket?.send(data),
      (method, params) => this.receive(method, params),
      () => ++this.lastID,
    );
    const socket = this.options.platform.connect(this.options.url, {
      opened: () => {
        if (this.socket !== socket) return;
        this.rpc = rpc;
        void this.authenticate();
      },
      message: (data) => {
        if (this.socket === socket) rpc.receive(data);
      },
      closed: () => {
        rpc.close();
        if (this.socket === socket) this.lost();
      },
    });
    this.socket = socket;
  }

  private async authenticate(): Promise<void> {
    this.setState('authenticating');
    const { login, passwd } = this.options.credentials;
    try {
      const result = await this.request(Method.login, { login, passwd, loginParams: {}, userVariables: {} });
      this.login = loginResult(result);
    } catch (error) {
      this.loginFailed(error);
    }
  }

  private loginFailed(error: unknown): void {
    if (!(error instanceof RPCError) || this.current !== 'authenticating') return;
    if (error.code === RPCError.closed) return; // the socket's own end says it
    if (error.code === RPCError.timeout) {
      this.drop();
      this.wait();
      return;
    }
    this.close();
    this.events.emit('refused', error);
  }

  private lost(): void {
    this.drop();
    if (this.current === 'closed') return;
    for (const call of this.calls.values()) call.signallingLost();
    this.channels.clear();
    this.wait();
  }

  private ping(): void {
    this.cancelPing();
    const socket = this.socket;
    this.request(Method.ping, {}).catch((error: unknown) => {
      const silent = error instanceof RPCError && error.code === RPCError.timeout;
      if (silent && socket === this.socket) this.lost();
    });
    this.cancelPing = this.options.platform.after(pingInterval, () => this.ping());
  }

  private drop(): void {
    this.cancelPing();
    const socket = this.socket;
    this.socket = undefined;
    this.rpc?.close();
    this.rpc = undefined;
    socket?.close();
  }

  /** Pauses grow, and part of each is left to chance: after a restart of the server not everybody comes at once. */
  private wait(): void {
    this.setState('waiting');
    const pause = this.pause * (0.5 + this.options.platform.random() / 2);
    this.cancelRetry = this.options.platform.after(pause, () => this.open());
    this.pause = Math.min(this.pause * 2, this.options.maxPause ?? 8_000);
  }

  private receive(method: string, params: JSONObject): boolean {
    switch (method) {
      case ServerMethod.clientReady:
        this.ready(array(params['reattached_sessions']).map((id) => text(id)));
        return true;
      case ServerMethod.event:
        this.dispatch(params);
        return true;
      case ServerMethod.punt:
        this.close();
        this.events.emit('punted', undefined);
        return true;
      case ServerMethod.invite:
        return this.offered(offer('invite', params));
      case ServerMethod.attach:
        return this.calls.get(text(params['callID']))?.receive(method, params) ?? this.offered(offer('attach', params));
      default:
        return this.calls.get(text(params['callID']))?.receive(method, params) ?? false;
    }
  }

  /** What nobody wants is declined: a new call as one to somebody who is busy. */
  private offered(offer: Offer): boolean {
    const unknown = offer.callID !== '' && !this.calls.has(offer.callID);
    if (unknown && this.options.offered?.(offer)) return true;
    const cause = offer.kind === 'invite' ? { causeCode: Cause.busy, cause: 'USER_BUSY' } : {};
    this.request(Method.bye, { ...cause, dialogParams: { callID: offer.callID } }).catch(() => undefined);
    return true;
  }

  private dispatch(params: JSONObject): void {
    const channel = text(params['eventChannel']);
    if (this.channels.dispatch(channel, params)) return;
    if (!this.calls.has(channel) && channel !== this.options.sessid) return;
    if (isObject(params['pvtData'])) this.events.emit('private', params['pvtData']);
    else this.events.emit('direct', params);
  }

  private ready(reattached: string[]): void {
    if (!this.login || this.current !== 'authenticating') return;
    this.pause = firstPause;
    this.setState('ready');
    this.cancelPing = this.options.platform.after(pingInterval, () => this.ping());
    for (const call of [...this.calls.values()]) call.signallingBack(reattached.includes(call.id));
    this.events.emit('ready', { login: this.login, reattached });
  }

  private setState(state: SessionState): void {
    if (this.current === state) return;
    this.current = state;
    this.events.emit('state', state);
  }
}

function loginResult(result: JSONObject): LoginResult {
  const expires = number(result['auth-expires'], 0);
  return {
    sessid: text(result['sessid']),
    moderator: flag(result['moderator']),
    stereoAudio: flag(result['stereoAudio']),
    ...(expires > 0 ? { expires } : {}),
  };
}

/** Whether a refused login was for wrong or expired credentials, and not for another reason. */
export function isBadLogin(error: RPCError): boolean {
  return error.code === ErrorCode.authenticationFailed || error.code === ErrorCode.authenticationRequired;
}
