// One call: the signalling between a peer connection and the server, from invite to bye.

import { Cause, remoteEnd, type CallEnd } from './cause';
import { Emitter } from './emitter';
import { text, type JSONObject } from './json';
import type { Peer, PeerFactory, Platform } from './platform';
import { dialogParams, Method, ServerMethod, type CallOptions } from './protocol';
import { RPCError } from './rpc';

/**
 * The life of a call: `requesting` until the server has taken the invite, `trying` until it sends media or answers,
 * `early` with media before the answer, `active`, `lost` until the server takes it up again, `ended`. A call of the
 * server's begins with `ringing`, one that it has kept for this session with `lost`.
 */
export type CallState = 'new' | 'ringing' | 'requesting' | 'trying' | 'early' | 'active' | 'lost' | 'ended';

export interface CallEvents {
  state: CallState;
  /** Media flows (true) or is interrupted (false). */
  media: boolean;
  /** The server names the other side anew. */
  display: { name: string; number: string };
  /** The call is on hold, or is not any more. */
  held: boolean;
  ended: CallEnd;
}

export interface CallSetup {
  id: string;
  options: CallOptions;
  peer: PeerFactory;
  platform: Platform;
  request(method: string, params: JSONObject): Promise<JSONObject>;
}

/** How long the server may take to answer an invite that it has accepted; the same as stock clients wait. */
const answerTimeout = 30_000;
/** How long an interruption of media may heal by itself before ICE is started again. */
const healTime = 4_000;
/** How long it may take until media is back, by a restart of ICE or by the server's offer; servers wait as long. */
const restartTimeout = 30_000;

export class Call {
  readonly events = new Emitter<CallEvents>();
  readonly id: string;
  private current: CallState = 'new';
  private peer: Peer | undefined;
  private candidates: string[] = [];
  private described = false;
  private flows = false;
  private offered = '';
  private cancelTimer: () => void = () => {};

  constructor(private readonly setup: CallSetup) {
    this.id = setup.id;
  }

  get state(): CallState {
    return this.current;
  }

  /** Offers the call to the server. It never fails: a call that does not come about has ended. */
  async invite(): Promise<void> {
    this.setState('requesting');
    const peer = this.newPeer();
    try {
      const sdp = await peer.offer(false);
      if (this.is('ended')) return;
      await this.setup.request(Method.invite, { sdp, dialogParams: dialogParams(this.id, this.setup.options) });
      // Media or an answer may have come in the meantime.
      if (this.is('requesting')) this.setState('trying');
      if (this.is('trying')) this.timer(answerTimeout, () => this.giveUp(Cause.noAnswer, 'no answer'));
    } catch (error) {
      this.failed(error);
    }
  }

  /** The server calls: it waits for answer() or hangup(). */
  ring(sdp: string): void {
    this.offered = sdp;
    this.setState('ringing');
  }

  /** Answers a call that rings. It never fails: a call that does not come about has ended. */
  async answer(): Promise<void> {
    if (this.current !== 'ringing' || this.peer) return;
    const peer = this.newPeer();
    try {
      const sdp = await peer.answer(this.offered);
      if (this.is('ended')) return;
      await this.setup.request(Method.answer, { sdp, dialogParams: dialogParams(this.id, this.setup.options) });
      this.agreed();
    } catch (error) {
      this.failed(error);
    }
  }

  /** The server has kept the call of an earlier page: its offer, which comes with this, is the way back into it. */
  resume(sdp: string): void {
    this.setState('lost');
    void this.attach(sdp);
  }

  /** Ends the call and tells the server, with a cause if it is not the normal one. */
  async hangup(causeCode: number = Cause.normal): Promise<void> {
    const known = this.current !== 'new' && this.current !== 'ended';
    // Told before it ends here: whoever hears of the end may close the session.
    const told = known ? this.inform(Method.bye, causeCode === Cause.normal ? {} : { causeCode }) : undefined;
    this.end({ by: 'local', code: causeCode, name: 'NORMAL_CLEARING' });
    await told;
  }

  /** Sends key presses. */
  async dtmf(digits: string): Promise<void> {
    await this.setup.request(Method.info, { dialogParams: { callID: this.id }, dtmf: digits });
  }

  /** Puts the call on hold or takes it back; the server's word on it comes as an event too. */
  async hold(on: boolean): Promise<void> {
    const params = { action: on ? 'hold' : 'unhold', dialogParams: { callID: this.id } };
    const result = await this.setup.request(Method.modify, params);
    this.events.emit('held', text(result['holdState'], on ? 'held' : 'active') === 'held');
  }

  /** Negotiates again, after a change of the tracks' directions, or with new ICE credentials. */
  async renegotiate(restart: boolean): Promise<void> {
    const { peer } = this;
    if (!peer) return;
    const sdp = await peer.offer(restart);
    const params = { action: 'updateMedia', sdp, dialogParams: { callID: this.id } };
    const result = await this.setup.request(Method.modify, params);
    // Meanwhile the server may have begun anew with an offer of its own.
    if (this.peer === peer) await peer.accept(text(result['sdp']));
  }

  /** Takes a request of the server about this call; true if it was understood. */
  receive(method: string, params: JSONObject): boolean {
    switch (method) {
      case ServerMethod.media:
        this.progress('early', text(params['sdp']));
        return true;
      case ServerMethod.answer:
        this.progress('active', text(params['sdp']));
        return true;
      case ServerMethod.attach:
        void this.attach(text(params['sdp']));
        return true;
      case ServerMethod.bye:
        this.end(remoteEnd(params));
        return true;
      case ServerMethod.display:
        this.events.emit('display', { name: text(params['display_name']), number: text(params['display_number']) });
        return true;
      default:
        return false;
    }
  }

  /** The socket is gone. An answered call waits for the server to take it up again; another one is over. */
  signallingLost(): void {
    if (this.current === 'active') {
      // Whatever was to be done about media needs the server.
      this.cancelTimer();
      this.setState('lost');
    } else if (this.current !== 'lost' && this.current !== 'new') {
      this.abandon('connection lost');
    }
  }

  /** Logged in again. A call that the server did not keep is over, and the server is told so in case it did. */
  signallingBack(kept: boolean): void {
    if (this.current !== 'lost' || kept) return;
    void this.inform(Method.bye, {});
    this.abandon('connection lost');
  }

  /** Ends the call without a word to the server. */
  abandon(reason: string): void {
    this.end({ by: 'failure', code: Cause.outOfOrder, name: reason });
  }

  private newPeer(): Peer {
    const peer: Peer = this.setup.peer({
      candidate: (candidate) => {
        if (this.peer === peer) this.candidate(candidate);
      },
      connected: () => {
        if (this.peer === peer) this.mediaChanged(true);
      },
      interrupted: () => {
        if (this.peer === peer) this.interrupted(healTime);
      },
      failed: () => {
        if (this.peer === peer) this.interrupted(0);
      },
    });
    this.peer = peer;
    this.candidates = [];
    this.described = false;
    this.flows = false;
    return peer;
  }

  private progress(state: 'early' | 'active', sdp: string): void {
    if (!this.is('requesting') && !this.is('trying') && !this.is('early')) return;
    this.cancelTimer();
    this.setState(state);
    // An answer repeats no description that came as early media.
    if (sdp !== '' && !this.described) void this.describe(sdp);
  }

  private async describe(sdp: string): Promise<void> {
    this.described = true;
    try {
      await this.peer?.accept(sdp);
      this.flushCandidates();
    } catch (error) {
      void this.inform(Method.bye, { causeCode: Cause.incompatible });
      this.giveUp(Cause.incompatible, String(error));
    }
  }

  /** The server begins media anew: it offers, and everything of the old media is thrown away. */
  private async attach(sdp: string): Promise<void> {
    if (this.is('ended')) return;
    this.cancelTimer();
    this.peer?.close();
    const peer = this.newPeer();
    try {
      const answer = await peer.answer(sdp);
      // A newer offer may have come, or the end.
      if (this.peer !== peer || this.is('ended')) return;
      await this.setup.request(Method.attach, { sdp: answer, dialogParams: { callID: this.id } });
      if (this.peer === peer) this.agreed();
    } catch (error) {
      if (this.peer === peer) this.notAttached(error);
    }
  }

  /** Both sides know each other's media. */
  private agreed(): void {
    this.described = true;
    this.setState('active');
    this.flushCandidates();
    if (!this.flows) this.timer(restartTimeout, () => this.giveUp(Cause.mediaTimeout, 'no media'));
  }

  /** Without a socket the next one brings another offer; otherwise the server did not want what it had offered. */
  private notAttached(error: unknown): void {
    if (error instanceof RPCError && error.code === RPCError.closed) this.setState('lost');
    else this.abandon(error instanceof Error ? error.message : String(error));
  }

  /** Candidates go to the server once it has described its side: before that it may not know the call yet. */
  private candidate(candidate: string): void {
    this.candidates.push(candidate);
    if (this.described) this.flushCandidates();
  }

  private flushCandidates(): void {
    for (const candidate of this.candidates.splice(0)) {
      void this.inform(Method.info, { candidate });
    }
  }

  private mediaChanged(flows: boolean): void {
    this.flows = flows;
    // An invite that waits for its answer has a timer of its own.
    if (this.is('active')) this.cancelTimer();
    this.events.emit('media', flows);
  }

  private interrupted(patience: number): void {
    if (this.is('lost')) this.mediaChanged(false);
    if (!this.is('active')) return;
    this.mediaChanged(false);
    this.timer(patience, () => {
      this.timer(restartTimeout, () => this.giveUp(Cause.mediaTimeout, 'no media'));
      this.renegotiate(true).catch(() => undefined);
    });
  }

  private giveUp(code: number, name: string): void {
    void this.inform(Method.bye, { causeCode: code });
    this.end({ by: 'failure', code, name });
  }

  private failed(error: unknown): void {
    if (!(error instanceof RPCError)) this.abandon(String(error));
    else if (error.unanswered) this.abandon(error.message);
    else this.end(remoteEnd(error.data, Cause.invalidMessage));
  }

  /** Sends what needs no answer; a refusal changes nothing. */
  private async inform(method: string, params: JSONObject): Promise<void> {
    await this.setup.request(method, { ...params, dialogParams: { callID: this.id } }).catch(() => undefined);
  }

  private end(end: CallEnd): void {
    if (this.is('ended')) return;
    this.cancelTimer();
    this.peer?.close();
    this.setState('ended');
    this.events.emit('ended', end);
  }

  private timer(ms: number, run: () => void): void {
    this.cancelTimer();
    this.cancelTimer = this.setup.platform.after(ms, run);
  }

  /** Compares behind the compiler's back: the state changes while an await waits. */
  private is(state: CallState): boolean {
    return this.current === state;
  }

  private setState(state: CallState): void {
    if (this.current === state || this.current === 'ended') return;
    this.current = state;
    this.events.emit('state', state);
  }
}
