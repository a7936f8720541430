import { beforeEach, describe, expect, it } from 'vitest';
import { command, Conference, joinInfo, partedCall, Session } from './index';
import { FakePlatform, logIn, settled, type FakeSocket } from './testing';

const la = 'conference-liveArray.3500@example.com';
const chat = 'conference-chat.3500@example.com';
const info = 'conference-info.3500@example.com';
const mod = 'conference-mod.3500@example.com';

const joined = {
  callID: 'call',
  action: 'conference-liveArray-join',
  laChannel: la,
  laName: '3500',
  role: 'moderator',
  chatID: 'conf+3500@example.com',
  conferenceMemberID: '17',
  canvasCount: 1,
  modChannel: 'conference-mod.3500@example.com',
  chatChannel: chat,
  infoChannel: info,
};

let platform: FakePlatform;
let session: Session;
let socket: FakeSocket;
let conference: Conference;
let log: string[];

beforeEach(async () => {
  platform = new FakePlatform();
  session = new Session({ url: 'ws://x', credentials: { login: 'a', passwd: 'b' }, platform, sessid: 'session' });
  session.connect();
  socket = await logIn(platform);
  const join = joinInfo(joined);
  if (!join) throw new Error('not a join');
  conference = new Conference(session, platform, join);
  log = [];
  conference.events.on('members', (members) => log.push(`members ${members.map(({ name }) => name).join()}`));
  conference.events.on('joined', ({ name }) => log.push(`joined ${name}`));
  conference.events.on('changed', ({ name, talking }) => log.push(`changed ${name} ${talking}`));
  conference.events.on('left', ({ name }) => log.push(`left ${name}`));
  conference.events.on('chat', ({ from, text }) => log.push(`${from}: ${text}`));
  conference.events.on('layout', ({ name, cells }) => log.push(`${name} ${cells.length}`));
  conference.open();
  for (const request of socket.sent('verto.subscribe')) {
    await socket.result(request, { subscribedChannels: [String(request.params['eventChannel'])] });
  }
});

function row(id: number, name: string, talking = false) {
  return [`000${id}`, `100${id}`, name, 'opus@48000', JSON.stringify({ audio: { talking }, video: false }), {}, null];
}

function boot(): void {
  const data = { action: 'bootObj', name: '3500', wireSerno: -1, data: [['a', row(1, 'Alice')]] };
  socket.event({ eventChannel: la, data });
}

function bootstraps(): number {
  return socket.sent('verto.broadcast').filter(({ params }) => params['eventChannel'] === la).length;
}

describe('conference', () => {
  it('reads who joined what', () => {
    expect(joinInfo(joined)).toEqual({
      callID: 'call',
      name: '3500',
      memberID: 17,
      role: 'moderator',
      canvasCount: 1,
      laChannel: la,
      chatChannel: chat,
      infoChannel: info,
      modChannel: 'conference-mod.3500@example.com',
      auxiliary: false,
    });
    expect(joinInfo({ ...joined, action: 'x' })).toBeUndefined();
    expect(joinInfo({ ...joined, screenShare: true })?.auxiliary).toBe(true);
    expect(joinInfo({ ...joined, role: 'king' })?.role).toBe('participant');
    expect(partedCall({ ...joined, action: 'conference-liveArray-part' })).toBe('call');
    expect(partedCall(joined)).toBeUndefined();
  });

  it('subscribes its channels one by one before it asks for the members', () => {
    const asked = socket.sent().filter(({ method }) => method !== 'login');
    expect(asked.map(({ params }) => params['eventChannel'])).toEqual([mod, info, chat, chat, la, la]);
    expect(asked.at(-1)).toMatchObject({
      method: 'verto.broadcast',
      params: { data: { liveArray: { command: 'bootstrap', context: la, name: '3500' } } },
    });
  });

  it('follows the members', () => {
    boot();
    socket.event({ eventChannel: la, data: { action: 'add', name: '3500', hashKey: 'b', wireSerno: 4, arrIndex: 1, data: row(2, 'Bob') } });
    socket.event({ eventChannel: la, data: { action: 'modify', name: '3500', hashKey: 'b', wireSerno: 5, data: row(2, 'Bob', true) } });
    socket.event({ eventChannel: la, data: { action: 'del', name: '3500', hashKey: 'b', wireSerno: 6, data: row(2, 'Bob') } });
    expect(log).toEqual(['members Alice', 'joined Bob', 'changed Bob true', 'left Bob']);
    expect(conference.members().map(({ name }) => name)).toEqual(['Alice']);
  });

  it('asks again for members that do not come', async () => {
    await platform.advance(5_000);
    expect(bootstraps()).toBe(2);
    boot();
    await platform.advance(9_000);
    expect(bootstraps()).toBe(2);
  });

  it('asks for a snapshot when an event is missing', () => {
    boot();
    const modify = { action: 'modify', name: '3500', hashKey: 'a', data: row(1, 'Alice') };
    socket.event({ eventChannel: la, data: { ...modify, wireSerno: 4 } });
    socket.event({ eventChannel: la, data: { ...modify, wireSerno: 6 } });
    expect(bootstraps()).toBe(2);
  });

  it('relays chat as text', async () => {
    socket.event({ eventChannel: chat, data: { message: '<b>hi</b>', fromDisplay: 'Ken', from: '1008@example.com', type: 'message' } });
    socket.event({ eventChannel: chat, data: { message: 'hi', from: '1008@example.com' } });
    socket.event({ eventChannel: chat, data: { from: '1008@example.com' } });
    expect(log).toEqual(['Ken: <b>hi</b>', '1008@example.com: hi']);
    const sent = conference.chat('hello');
    const request = socket.last('verto.broadcast');
    expect(request.params).toMatchObject({ eventChannel: chat, data: { action: 'send', message: 'hello', type: 'message' } });
    await socket.result(request);
    await sent;
  });

  it('reads layouts', () => {
    const canvasLayouts = [{ xPOS: 0, yPOS: 0, screenWidth: 640, screenHeight: 360 }];
    socket.event({ eventChannel: info, eventData: { contentType: 'layout-info', canvasInfo: { layoutName: '1x1', canvasLayouts } } });
    expect(log).toEqual(['1x1 1']);
  });

  it('knows where everybody is on the canvas that it watches', () => {
    boot();
    const message = (canvasID: number, layout: string) => ({
      contentType: 'canvas-geometry',
      geometry: { canvasID, serial: 1, width: 1280, height: 720, rtpTime: 1, layout, moveMs: 0, layers: [] },
    });
    const shown = (): string | undefined => conference.geometry.current?.layout;
    socket.event({ eventChannel: info, eventData: message(0, 'first') });
    socket.event({ eventChannel: info, eventData: message(1, 'second') });
    expect(shown()).toBe('first');
    const status = JSON.stringify({ audio: {}, video: { watchingCanvasID: 1 } });
    const me = ['0017', '1017', 'Me', 'opus@48000', status, {}, null];
    socket.event({ eventChannel: la, data: { action: 'add', name: '3500', hashKey: 'me', wireSerno: 4, data: me } });
    expect(shown()).toBe('second');
    socket.event({ eventChannel: 'session', eventData: message(-1, 'personal') });
    expect(shown()).toBe('personal');
    socket.event({ eventChannel: 'session', infoChannel: 'conference-info.other@x', eventData: message(1, 'second') });
    expect(shown()).toBe('personal');
    socket.event({ eventChannel: 'session', infoChannel: info, eventData: message(1, 'second') });
    expect(shown()).toBe('second');
  });

  it('gives commands and hears the answers', async () => {
    const answers: unknown[] = [];
    conference.events.on('answered', (answer) => answers.push(answer));
    const reply = conference.run(command.banner(7, 'Ж'));
    expect(socket.last('verto.broadcast').params).toMatchObject({
      eventChannel: mod,
      data: { application: 'conf-control', command: 'vid-banner', id: 7, value: '%D0%96' },
    });
    socket.event({ eventChannel: mod, data: { action: 'response', 'conf-command': '3500 vid-banner 7 %D0%96', response: '-ERR no\n' } });
    expect(await reply).toEqual({ ok: false, text: '-ERR no' });
    expect(answers).toEqual([{ line: '3500 vid-banner 7 %D0%96', text: '-ERR no' }]);
  });

  it('tells of layouts, whoever asked', () => {
    const found: unknown[] = [];
    conference.events.on('layouts', ({ layouts }) => found.push(...layouts.map(({ name }) => name)));
    const responseData = [{ type: 'layout', name: '2x2', resIDS: [] }];
    socket.event({ eventChannel: mod, data: { action: 'response', 'conf-command': 'list-videoLayouts', response: 'OK', responseData } });
    expect(found).toEqual(['2x2']);
  });

  it("asks for a personal canvas on the moderators' channel although it cannot hear it", async () => {
    const join = joinInfo({ ...joined, role: 'participant', modChannel: undefined });
    if (!join) throw new Error('not a join');
    const guest = new Conference(session, platform, join);
    guest.open();
    expect(socket.sent('verto.subscribe').filter(({ params }) => params['eventChannel'] === mod)).toHaveLength(1);
    const reply = guest.watchPersonal(true);
    expect(socket.last('verto.broadcast').params).toMatchObject({
      eventChannel: mod,
      data: { application: 'conf-control', command: 'vid-watching-canvas', id: 17, value: 'personal' },
    });
    const data = { action: 'response', 'conf-command': '3500 vid-watching-canvas 17 personal', response: '-ERR limit reached\n' };
    socket.event({ eventChannel: 'session', data });
    expect(await reply).toEqual({ ok: false, text: '-ERR limit reached' });
    void guest.watchPersonal(false);
    expect(socket.last('verto.broadcast').params).toMatchObject({ data: { value: '1' } });
    guest.close();
  });

  it('asks for the table when it was cleared and nothing follows', async () => {
    boot();
    socket.event({ eventChannel: la, data: { action: 'clear', name: '3500', wireSerno: -1, data: {} } });
    expect([bootstraps(), conference.members()]).toEqual([1, []]);
    await platform.advance(5_000);
    expect(bootstraps()).toBe(2);
    boot();
    await platform.advance(9_000);
    expect([bootstraps(), log]).toEqual([2, ['members Alice', 'members ', 'members Alice']]);
  });

  it('asks once for what was said before, and tells it apart', () => {
    const found: string[] = [];
    conference.events.on('history', (messages) => found.push(...messages.map(({ text }) => text)));
    const requests = socket.sent('verto.broadcast').filter(({ params }) => params['eventChannel'] === chat);
    expect(requests.map(({ params }) => params['data'])).toEqual([{ action: 'history' }]);
    const data = { action: 'history', messages: [{ id: 1, message: 'a' }] };
    socket.event({ eventChannel: chat, data });
    socket.event({ eventChannel: 'session', data: { ...data, messages: [{ id: 2, message: 'b' }] } });
    expect([found, log]).toEqual([['a', 'b'], []]);
  });

  it('writes to one member', async () => {
    const sent = conference.chat('psst', 5);
    const request = socket.last('verto.broadcast');
    expect(request.params).toMatchObject({ eventChannel: chat, data: { action: 'send', message: 'psst', to: 5 } });
    await socket.result(request);
    await sent;
  });

  it('hears how the room stands, reactions, and who waits', () => {
    const heard: unknown[] = [];
    conference.events.on('room', ({ locked }) => heard.push(['locked', locked]));
    conference.events.on('reaction', ({ reaction }) => heard.push(reaction));
    conference.events.on('lobby', (visitors) => heard.push(visitors.map(({ name }) => name)));
    const room = { contentType: 'room-info', roomInfo: { locked: true } };
    const waiting = { action: 'lobby', waiting: [{ memberID: 18, name: 'Ann' }] };
    socket.event({ eventChannel: 'session', eventData: { ...room, roomInfo: {} } });
    socket.event({ eventChannel: info, eventData: room });
    socket.event({ eventChannel: info, eventData: { contentType: 'reaction', memberID: 5, reaction: '👍' } });
    socket.event({ eventChannel: 'session', data: waiting });
    socket.event({ eventChannel: mod, data: { ...waiting, waiting: [] } });
    expect(heard).toEqual([['locked', false], ['locked', true], '👍', ['Ann'], []]);
  });

  it("hears the moderators' channel once a participant has become one", async () => {
    const join = joinInfo({ ...joined, role: 'participant', modChannel: undefined });
    if (!join) throw new Error('not a join');
    const guest = new Conference(session, platform, join);
    guest.open();
    const allowed = guest.moderate();
    const request = socket.last('verto.subscribe');
    expect(request.params['eventChannel']).toBe(mod);
    await socket.result(request, { subscribedChannels: [mod] });
    expect(await allowed).toBe(true);
    guest.close();
    expect(socket.last('verto.unsubscribe').params['eventChannel']).toBe(mod);
  });

  it('is quiet and unsubscribed when closed', async () => {
    boot();
    conference.close();
    socket.event({ eventChannel: chat, data: { message: 'hi', from: 'x' } });
    await settled();
    expect(log).toEqual(['members Alice']);
    expect(socket.sent('verto.unsubscribe').map(({ params }) => params['eventChannel'])).toEqual([la, chat, info, mod]);
  });
});
