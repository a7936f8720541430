import { beforeEach, describe, expect, it } from 'vitest';
import { Cause, Session, type Call, type CallEnd, type CallState, type Offer } from './index';
import { FakePeer, FakePlatform, logIn, settled, type FakeSocket } from './testing';

let platform: FakePlatform;
let session: Session;
let socket: FakeSocket;
let call: Call;
let states: CallState[];
let ends: CallEnd[];

beforeEach(async () => {
  FakePeer.made = [];
  platform = new FakePlatform();
  const credentials = { login: 'alice', passwd: 'secret' };
  session = new Session({ url: 'wss://x/verto', credentials, platform, sessid: 'session' });
  session.connect();
  socket = await logIn(platform);
  call = session.call({ destination: '3500', callerName: 'Alice' }, (events) => new FakePeer(events));
  states = [];
  ends = [];
  call.events.on('state', (state) => states.push(state));
  call.events.on('ended', (end) => ends.push(end));
});

async function invite(): Promise<void> {
  void call.invite();
  await settled();
  await socket.result(socket.last('verto.invite'), { message: 'CALL CREATED', callID: call.id });
}

async function answer(): Promise<void> {
  await invite();
  socket.call('verto.answer', { callID: call.id, sdp: 'answer' });
  await settled();
}

/** Lets time pass while the server answers to signs of life. */
async function waitAlive(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 5_000) {
    await platform.advance(5_000);
    for (const ping of socket.sent('verto.ping')) await socket.result(ping);
  }
}

describe('invite', () => {
  it('carries the offer and who calls whom', async () => {
    await invite();
    const { params } = socket.last('verto.invite');
    expect(params['sdp']).toBe('offer-sdp');
    expect(params['dialogParams']).toMatchObject({
      callID: call.id,
      destination_number: '3500',
      caller_id_name: 'Alice',
      userVariables: {},
    });
    expect(states).toEqual(['requesting', 'trying']);
  });

  it('becomes active with the answer, which is acknowledged', async () => {
    await answer();
    expect(states).toEqual(['requesting', 'trying', 'active']);
    expect(FakePeer.latest().log).toEqual(['offer', 'accept answer']);
    expect(socket.replies().at(-1)).toMatchObject({ result: { method: 'verto.answer' } });
  });

  it('takes the description from early media and not again from the answer', async () => {
    await invite();
    socket.call('verto.media', { callID: call.id, sdp: 'early' });
    socket.call('verto.answer', { callID: call.id });
    await settled();
    expect(states).toEqual(['requesting', 'trying', 'early', 'active']);
    expect(FakePeer.latest().log).toEqual(['offer', 'accept early']);
  });

  it('ends when the server refuses it', async () => {
    void call.invite();
    await settled();
    await socket.error(socket.last('verto.invite'), { message: 'CALL ERROR', code: -32002, causeCode: 27, cause: 'DESTINATION_OUT_OF_ORDER' });
    expect(ends).toEqual([{ by: 'remote', code: 27, name: 'DESTINATION_OUT_OF_ORDER' }]);
    expect(FakePeer.latest().log.at(-1)).toBe('close');
  });

  it('ends when nobody answers within half a minute', async () => {
    await invite();
    session.events.on('state', (state) => expect(state).not.toBe('waiting'));
    await platform.advance(15_000);
    await socket.result(socket.last('verto.ping'));
    await platform.advance(14_999);
    expect(ends).toEqual([]);
    await platform.advance(1);
    expect(ends).toMatchObject([{ by: 'failure', code: Cause.noAnswer }]);
    expect(socket.last('verto.bye').params).toMatchObject({ dialogParams: { callID: call.id } });
  });

  it('says goodbye when the answer cannot be used', async () => {
    await invite();
    FakePeer.latest().failAccept = true;
    socket.call('verto.answer', { callID: call.id, sdp: 'bad' });
    await settled();
    expect(ends).toMatchObject([{ by: 'failure', code: Cause.incompatible }]);
    expect(socket.last('verto.bye').params['causeCode']).toBe(88);
  });
});

describe('an invite', () => {
  it.each([
    [{}, {}],
    [{ pin: '', deviceID: '' }, {}],
    [{ pin: '1234', deviceID: 'd' }, { pin: '1234', deviceID: 'd' }],
  ])('with %j says no more than it has to', async (options, want) => {
    void session.call({ destination: '3500', callerName: 'Alice', ...options }, (events) => new FakePeer(events)).invite();
    await settled();
    const { pin, deviceID } = socket.last('verto.invite').params['dialogParams'] as Record<string, unknown>;
    expect({ ...(pin === undefined ? {} : { pin }), ...(deviceID === undefined ? {} : { deviceID }) }).toEqual(want);
  });
});

describe('candidates', () => {
  it('wait for the answer, then go out in order and to the end', async () => {
    await invite();
    FakePeer.latest().events.candidate('candidate:1');
    expect(socket.sent('verto.info')).toEqual([]);
    socket.call('verto.answer', { callID: call.id, sdp: 'answer' });
    await settled();
    FakePeer.latest().events.candidate('');
    expect(socket.sent('verto.info').map(({ params }) => params)).toEqual([
      { candidate: 'candidate:1', dialogParams: { callID: call.id }, sessid: 'session' },
      { candidate: '', dialogParams: { callID: call.id }, sessid: 'session' },
    ]);
  });
});

describe('in a call', () => {
  it('sends digits', async () => {
    await answer();
    void call.dtmf('*0');
    expect(socket.last('verto.info').params).toMatchObject({ dtmf: '*0', dialogParams: { callID: call.id } });
  });

  it('hangs up once', async () => {
    await answer();
    void call.hangup();
    void call.hangup();
    expect(socket.sent('verto.bye')).toHaveLength(1);
    expect(ends).toEqual([{ by: 'local', code: 16, name: 'NORMAL_CLEARING' }]);
  });

  it('ends with the bye of the server, which is acknowledged', async () => {
    await answer();
    socket.call('verto.bye', { callID: call.id, causeCode: 21, cause: 'CALL_REJECTED' });
    expect(ends).toEqual([{ by: 'remote', code: 21, name: 'CALL_REJECTED' }]);
    expect(socket.replies().at(-1)).toMatchObject({ result: { method: 'verto.bye' } });
    socket.call('verto.bye', { callID: call.id });
    expect(ends).toHaveLength(1);
  });

  it('negotiates again', async () => {
    await answer();
    const done = call.renegotiate(false);
    await settled();
    const modify = socket.last('verto.modify');
    expect(modify.params).toMatchObject({ action: 'updateMedia', sdp: 'offer-sdp', dialogParams: { callID: call.id } });
    await socket.result(modify, { sdp: 'second answer', holdState: 'active' });
    await done;
    expect(FakePeer.latest().log.at(-1)).toBe('accept second answer');
  });

  it('declines what it did not ask for', async () => {
    socket.call('verto.attach', { callID: 'old', sdp: 'offer' });
    expect(socket.last('verto.bye').params).toMatchObject({ dialogParams: { callID: 'old' } });
  });
});

describe('media trouble', () => {
  it('may heal by itself', async () => {
    const media: boolean[] = [];
    await answer();
    call.events.on('media', (flows) => media.push(flows));
    FakePeer.latest().events.interrupted();
    await platform.advance(3_900);
    FakePeer.latest().events.connected();
    await platform.advance(10_000);
    expect(media).toEqual([false, true]);
    expect(FakePeer.latest().log).not.toContain('restart');
  });

  it('restarts ICE, and gives up when that does not help', async () => {
    await answer();
    FakePeer.latest().events.failed();
    await platform.advance(0);
    expect(FakePeer.latest().log).toContain('restart');
    await socket.result(socket.last('verto.modify'), { sdp: 'restarted' });
    expect(FakePeer.latest().log.at(-1)).toBe('accept restarted');
    expect(ends).toEqual([]);
    await waitAlive(30_000);
    expect(ends).toMatchObject([{ by: 'failure', code: Cause.mediaTimeout }]);
  });

  it("is over with the server's offer, which takes the place of the restart", async () => {
    await answer();
    FakePeer.latest().events.failed();
    await platform.advance(0);
    socket.call('verto.attach', { callID: call.id, sdp: 'new offer' });
    await settled();
    await socket.result(socket.last('verto.attach'));
    await socket.result(socket.last('verto.modify'), { sdp: 'late' });
    expect(FakePeer.made.map(({ log }) => log.at(-1))).toEqual(['close', 'answer new offer']);
    FakePeer.latest().events.connected();
    await waitAlive(60_000);
    expect(ends).toEqual([]);
  });

  it('ends the call when nothing comes of the offer either', async () => {
    await answer();
    socket.call('verto.attach', { callID: call.id, sdp: 'new offer' });
    await settled();
    await socket.result(socket.last('verto.attach'));
    await waitAlive(30_000);
    expect(ends).toMatchObject([{ by: 'failure', code: Cause.mediaTimeout }]);
  });

  it('may be over before the server knows', async () => {
    await answer();
    socket.call('verto.attach', { callID: call.id, sdp: 'new offer' });
    FakePeer.latest().events.connected();
    await settled();
    await socket.result(socket.last('verto.attach'));
    await waitAlive(60_000);
    expect(ends).toEqual([]);
  });

  it('takes the newest offer only', async () => {
    await answer();
    socket.call('verto.attach', { callID: call.id, sdp: 'first' });
    socket.call('verto.attach', { callID: call.id, sdp: 'second' });
    await settled();
    expect(socket.sent('verto.attach')).toHaveLength(1);
    expect(FakePeer.made.map(({ log }) => log)).toEqual([['offer', 'accept answer', 'close'], ['answer first', 'close'], ['answer second']]);
  });
});

describe('hold', () => {
  it('is asked of the server, whose word counts', async () => {
    const held: boolean[] = [];
    call.events.on('held', (on) => held.push(on));
    await answer();
    for (const [on, holdState] of [[true, 'held'], [false, 'active'], [true, undefined]] as const) {
      const done = call.hold(on);
      const modify = socket.last('verto.modify');
      expect(modify.params).toMatchObject({ action: on ? 'hold' : 'unhold', dialogParams: { callID: call.id } });
      await socket.result(modify, { holdState });
      await done;
    }
    expect(held).toEqual([true, false, true]);
  });
});

describe("the server's call", () => {
  const invite = { callID: 'ring', sdp: 'offer', caller_id_name: 'Bob', caller_id_number: '1001', display_direction: 'outbound' };

  function line(take: boolean): { calls: Call[]; offers: Offer[] } {
    const found: { calls: Call[]; offers: Offer[] } = { calls: [], offers: [] };
    platform = new FakePlatform();
    const credentials = { login: 'alice', passwd: 'secret' };
    session = new Session({
      url: 'wss://x/verto', credentials, platform, sessid: 'session',
      offered: (offer) => {
        found.offers.push(offer);
        if (take) found.calls.push(session.adopt(offer, { destination: '', callerName: 'Alice' }, (events) => new FakePeer(events)));
        return take;
      },
    });
    session.connect();
    return found;
  }

  it('rings without touching a device, and is answered', async () => {
    const { calls, offers } = line(true);
    const socket = await logIn(platform);
    socket.call('verto.invite', invite);
    expect(offers).toEqual([{ kind: 'invite', callID: 'ring', sdp: 'offer', name: 'Bob', number: '1001' }]);
    expect([calls[0]?.state, FakePeer.made, socket.replies().at(-1)]).toMatchObject(['ringing', [], { result: { method: 'verto.invite' } }]);
    void calls[0]?.answer();
    void calls[0]?.answer();
    await settled();
    const answer = socket.last('verto.answer');
    expect(socket.sent('verto.answer')).toHaveLength(1);
    expect(answer.params).toMatchObject({ sdp: 'answer-sdp', dialogParams: { callID: 'ring' } });
    await socket.result(answer);
    expect(calls[0]?.state).toBe('active');
  });

  it('is declined with a cause', async () => {
    const { calls } = line(true);
    const socket = await logIn(platform);
    socket.call('verto.invite', invite);
    void calls[0]?.hangup(Cause.rejected);
    expect(socket.last('verto.bye').params).toMatchObject({ causeCode: 21, dialogParams: { callID: 'ring' } });
  });

  it('may be over before it is answered', async () => {
    const { calls } = line(true);
    const socket = await logIn(platform);
    socket.call('verto.invite', invite);
    const ended: CallEnd[] = [];
    calls[0]?.events.on('ended', (end) => ended.push(end));
    socket.call('verto.bye', { callID: 'ring', causeCode: 487, cause: 'ORIGINATOR_CANCEL' });
    void calls[0]?.answer();
    await settled();
    expect([ended, socket.sent('verto.answer')]).toEqual([[{ by: 'remote', code: 487, name: 'ORIGINATOR_CANCEL' }], []]);
  });

  it('that nobody takes is refused as to somebody busy', async () => {
    line(false);
    const socket = await logIn(platform);
    socket.call('verto.invite', invite);
    expect(socket.last('verto.bye').params).toMatchObject({ causeCode: 17, cause: 'USER_BUSY', dialogParams: { callID: 'ring' } });
  });

  it('is taken up again after the page was loaded anew', async () => {
    const { calls, offers } = line(true);
    platform.socket.accept();
    const socket = platform.socket;
    await socket.result(socket.last('login'), { sessid: 'session' });
    socket.call('verto.attach', { callID: 'kept', sdp: 'new offer', callee_id_name: 'Room', display_direction: 'inbound' });
    socket.call('verto.clientReady', { reattached_sessions: ['kept'] });
    await settled();
    expect(offers).toMatchObject([{ kind: 'attach', callID: 'kept', name: 'Room' }]);
    expect([calls[0]?.state, FakePeer.made.length]).toEqual(['lost', 1]);
    await socket.result(socket.last('verto.attach'));
    expect(calls[0]?.state).toBe('active');
  });

  it('waits for another offer when the socket is lost before the answer', async () => {
    const { calls } = line(true);
    let socket = await logIn(platform);
    socket.call('verto.attach', { callID: 'kept', sdp: 'new offer' });
    await settled();
    socket.drop();
    await settled();
    expect(calls[0]?.state).toBe('lost');
    await platform.advance(500);
    socket = platform.socket;
    socket.accept();
    await socket.result(socket.last('login'), { sessid: 'session' });
    socket.call('verto.attach', { callID: 'kept', sdp: 'newer offer' });
    socket.call('verto.clientReady', { reattached_sessions: ['kept'] });
    await settled();
    await socket.result(socket.last('verto.attach'));
    expect([calls.length, calls[0]?.state]).toEqual([1, 'active']);
  });

  it('is over when the server does not take the answer', async () => {
    const { calls } = line(true);
    const socket = await logIn(platform);
    socket.call('verto.attach', { callID: 'kept', sdp: 'new offer' });
    await settled();
    const ended: CallEnd[] = [];
    calls[0]?.events.on('ended', (end) => ended.push(end));
    await socket.error(socket.last('verto.attach'), { message: 'MEDIA ERROR', code: -32002 });
    expect(ended).toMatchObject([{ by: 'failure', name: 'MEDIA ERROR' }]);
  });
});

describe('a lost socket', () => {
  it('ends a call that was not answered', async () => {
    await invite();
    socket.drop();
    expect(ends).toMatchObject([{ by: 'failure' }]);
  });

  it('leaves an answered call to be taken up again', async () => {
    await answer();
    socket.drop();
    expect(call.state).toBe('lost');
    await platform.advance(500);
    const next = platform.socket;
    next.accept();
    await next.result(next.last('login'), { sessid: 'session' });
    next.call('verto.attach', { callID: call.id, sdp: 'new offer' });
    next.call('verto.clientReady', { reattached_sessions: [call.id] });
    await settled();
    expect(FakePeer.made).toHaveLength(2);
    expect(FakePeer.made[0]?.log.at(-1)).toBe('close');
    expect(next.last('verto.attach').params).toMatchObject({ sdp: 'answer-sdp', dialogParams: { callID: call.id } });
    await next.result(next.last('verto.attach'));
    expect(call.state).toBe('active');
    FakePeer.made[0]?.events.failed();
    await platform.advance(0);
    expect(FakePeer.made[0]?.log).not.toContain('restart');
  });

  it('leaves media alone, which may go on, and gives nothing up meanwhile', async () => {
    const media: boolean[] = [];
    await answer();
    call.events.on('media', (flows) => media.push(flows));
    FakePeer.latest().events.failed();
    socket.drop();
    FakePeer.latest().events.interrupted();
    FakePeer.latest().events.connected();
    await platform.advance(60_000);
    expect([call.state, media, FakePeer.latest().log]).toEqual(['lost', [false, false, true], ['offer', 'accept answer']]);
  });

  it('ends the call when the server did not keep it, and tells the server', async () => {
    await answer();
    socket.drop();
    await platform.advance(500);
    const next = await logIn(platform);
    expect(ends).toMatchObject([{ by: 'failure' }]);
    expect(next.last('verto.bye').params).toMatchObject({ dialogParams: { callID: call.id } });
  });
});
