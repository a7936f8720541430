import { beforeEach, describe, expect, it } from 'vitest';
import { Cause, Session, type Call, type CallEnd, type CallState } from './index';
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
    await platform.advance(15_000);
    expect(ends).toMatchObject([{ by: 'failure', code: Cause.mediaTimeout }]);
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

  it('ends the call when the server did not keep it, and tells the server', async () => {
    await answer();
    socket.drop();
    await platform.advance(500);
    const next = await logIn(platform);
    expect(ends).toMatchObject([{ by: 'failure' }]);
    expect(next.last('verto.bye').params).toMatchObject({ dialogParams: { callID: call.id } });
  });
});
