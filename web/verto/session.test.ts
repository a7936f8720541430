import { describe, expect, it } from 'vitest';
import { isBadLogin, RPCError, Session, type SessionState } from './index';
import { FakePlatform, logIn, settled } from './testing';

function start() {
  const platform = new FakePlatform();
  const session = new Session({
    url: 'wss://meet.example/verto',
    credentials: { login: 'guest', passwd: 'token' },
    platform,
    sessid: 'session',
  });
  const states: SessionState[] = [];
  session.events.on('state', (state) => states.push(state));
  session.connect();
  return { platform, session, states };
}

describe('login', () => {
  it('sends credentials and the session id, and is ready with the server', async () => {
    const { platform, session, states } = start();
    const ready: string[][] = [];
    session.events.on('ready', ({ reattached }) => ready.push(reattached));
    const socket = await logIn(platform, ['kept']);
    expect(socket.url).toBe('wss://meet.example/verto');
    expect(socket.last('login').params).toEqual({
      login: 'guest',
      passwd: 'token',
      loginParams: {},
      userVariables: {},
      sessid: 'session',
    });
    expect(states).toEqual(['connecting', 'authenticating', 'ready']);
    expect(ready).toEqual([['kept']]);
  });

  it('gives up when the server refuses', async () => {
    const { platform, session } = start();
    const refused: RPCError[] = [];
    session.events.on('refused', (error) => refused.push(error));
    platform.socket.accept();
    const login = platform.socket.last('login');
    await platform.socket.error(login, { code: -32001, message: 'Authentication Failure' });
    expect(refused.map((error) => [error.code, error.message])).toEqual([[-32001, 'Authentication Failure']]);
    expect(isBadLogin(refused[0] as RPCError)).toBe(true);
    expect(session.state).toBe('closed');
    await platform.advance(60_000);
    expect(platform.sockets).toHaveLength(1);
  });

  it('tries again when the server says nothing', async () => {
    const { platform, session } = start();
    platform.socket.accept();
    await platform.advance(15_000);
    expect(session.state).toBe('waiting');
    await platform.advance(500);
    expect(platform.sockets).toHaveLength(2);
  });
});

describe('connection', () => {
  it('comes back with growing pauses and starts over after a success', async () => {
    const { platform, session } = start();
    await logIn(platform);
    for (const pause of [500, 1000, 2000, 4000, 8000, 8000]) {
      platform.socket.drop();
      const before = platform.sockets.length;
      await platform.advance(pause - 1);
      expect(platform.sockets).toHaveLength(before);
      await platform.advance(1);
      expect(platform.sockets).toHaveLength(before + 1);
    }
    await logIn(platform);
    expect(session.state).toBe('ready');
    platform.socket.drop();
    await platform.advance(500);
    expect(session.state).toBe('connecting');
  });

  it.each([
    [0, 250],
    [0.5, 375],
    [1, 500],
  ])('leaves part of each pause to chance (%d)', async (chance, pause) => {
    const { platform } = start();
    platform.chance = chance;
    await logIn(platform);
    platform.socket.drop(1012);
    await platform.advance(pause - 1);
    expect(platform.sockets).toHaveLength(1);
    await platform.advance(1);
    expect(platform.sockets).toHaveLength(2);
  });

  it('waits for a server that restarts for as long as that takes', async () => {
    const { platform, session } = start();
    await logIn(platform);
    for (let i = 0; i < 40; i++) {
      platform.socket.drop(i === 0 ? 1012 : 1006);
      await platform.advance(8_000);
    }
    await logIn(platform);
    expect(session.state).toBe('ready');
  });

  it('does not wait when the network is known to be back', async () => {
    const { platform, session } = start();
    platform.socket.drop();
    session.networkChanged();
    expect(platform.sockets).toHaveLength(2);
    await platform.advance(600);
    expect(platform.sockets).toHaveLength(2);
  });

  it('notices a server that went silent', async () => {
    const { platform, session } = start();
    const socket = await logIn(platform);
    await platform.advance(15_000);
    await socket.result(socket.last('verto.ping'), { message: 'PONG' });
    await platform.advance(15_000);
    expect(socket.sent('verto.ping')).toHaveLength(2);
    await platform.advance(15_000);
    expect(session.state).toBe('waiting');
  });

  it('never gives a request id twice', async () => {
    const { platform } = start();
    await logIn(platform);
    platform.socket.drop();
    await platform.advance(500);
    await logIn(platform);
    const ids = platform.sockets.flatMap((socket) => socket.sent().map((request) => request.id));
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('ends with a punt, without coming back', async () => {
    const { platform, session } = start();
    const socket = await logIn(platform);
    let punted = 0;
    session.events.on('punted', () => punted++);
    socket.call('verto.punt', {});
    expect([punted, session.state, socket.open]).toEqual([1, 'closed', false]);
    await platform.advance(60_000);
    expect(platform.sockets).toHaveLength(1);
    expect(platform.pending).toBe(0);
  });

  it('leaves no timer behind when closed', async () => {
    const { platform, session } = start();
    await logIn(platform);
    session.close();
    await settled();
    expect(platform.pending).toBe(0);
  });
});

describe('requests', () => {
  it('fail with the error of the server', async () => {
    const { platform, session } = start();
    const socket = await logIn(platform);
    const answer = session.request('verto.info', {});
    await socket.error(socket.last('verto.info'), { message: 'CALL DOES NOT EXIST', code: -32002 });
    await expect(answer).rejects.toMatchObject({ code: -32002, message: 'CALL DOES NOT EXIST' });
  });

  it('fail with the connection', async () => {
    const { platform, session } = start();
    await logIn(platform);
    const answer = session.request('verto.info', {});
    platform.socket.drop();
    await expect(answer).rejects.toMatchObject({ code: RPCError.closed });
    await expect(session.request('verto.info', {})).rejects.toMatchObject({ code: RPCError.closed });
  });

  it('survive messages that are none', async () => {
    const { platform, session } = start();
    const socket = await logIn(platform);
    for (const frame of ['', '#SPD 1', 'nonsense', '[]', '7', 'null', '{}', '{"id":99,"result":{}}', '{"method":"verto.event"}']) {
      socket.raw(frame);
    }
    expect(session.state).toBe('ready');
  });
});

describe('channels', () => {
  it('deliver what was granted, by name or by the part before the dot', async () => {
    const { platform, session } = start();
    const socket = await logIn(platform);
    const heard: string[] = [];
    const one = session.subscribe('room.a', () => heard.push('room.a'));
    await socket.result(socket.last('verto.subscribe'), { subscribedChannels: ['room.a'] });
    const all = session.subscribe('presence', () => heard.push('presence'));
    await socket.result(socket.last('verto.subscribe'), { subscribedChannels: ['presence'] });
    expect([await one, await all]).toEqual([true, true]);
    for (const eventChannel of ['room.a', 'room.b', 'presence.bob@example.com']) socket.event({ eventChannel });
    expect(heard).toEqual(['room.a', 'presence']);
  });

  it('drop the handler that was refused', async () => {
    const { platform, session } = start();
    const socket = await logIn(platform);
    let heard = 0;
    const granted = session.subscribe('room.a', () => heard++);
    await socket.error(socket.last('verto.subscribe'), { unauthorizedChannels: ['room.a'] });
    socket.event({ eventChannel: 'room.a' });
    expect([await granted, heard]).toEqual([false, 0]);
  });

  it('end with unsubscribe, whatever the server says', async () => {
    const { platform, session } = start();
    const socket = await logIn(platform);
    let heard = 0;
    void session.subscribe('room.a', () => heard++);
    const done = session.unsubscribe('room.a');
    await socket.error(socket.last('verto.unsubscribe'), { notSubscribedChannels: ['room.a'] });
    await done;
    socket.event({ eventChannel: 'room.a' });
    expect(heard).toBe(0);
  });

  it('tell of a refused broadcast, which the server calls a result', async () => {
    const { platform, session } = start();
    const socket = await logIn(platform);
    const sent = session.broadcast('conference-mod.a', { command: 'kick' });
    await socket.result(socket.last('verto.broadcast'), { message: 'Permission Denied.', code: -32002 });
    await expect(sent).rejects.toMatchObject({ code: -32002, message: 'Permission Denied.' });
  });

  it('give private events to the session', async () => {
    const { platform, session } = start();
    const socket = await logIn(platform);
    const heard: unknown[] = [];
    session.events.on('private', (data) => heard.push(data));
    socket.event({ eventChannel: 'session', pvtData: { action: 'x' } });
    socket.event({ eventChannel: 'someone else', pvtData: { action: 'y' } });
    socket.event({ eventChannel: 'session', data: { action: 'z' } });
    expect(heard).toEqual([{ action: 'x' }]);
  });

  it('give what else is addressed to the session to it', async () => {
    const { platform, session } = start();
    const socket = await logIn(platform);
    const heard: unknown[] = [];
    session.events.on('direct', (params) => heard.push(params['data']));
    socket.event({ eventChannel: 'session', data: { action: 'x' } });
    socket.event({ eventChannel: 'someone else', data: { action: 'y' } });
    socket.event({ eventChannel: 'session', pvtData: { action: 'z' } });
    expect(heard).toEqual([{ action: 'x' }]);
  });
});
