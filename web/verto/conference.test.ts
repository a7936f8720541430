import { beforeEach, describe, expect, it } from 'vitest';
import { Conference, joinInfo, partedCall, Session } from './index';
import { FakePlatform, logIn, settled, type FakeSocket } from './testing';

const la = 'conference-liveArray.3500@example.com';
const chat = 'conference-chat.3500@example.com';
const info = 'conference-info.3500@example.com';

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

  it('subscribes three channels one by one before it asks for the members', () => {
    const asked = socket.sent().filter(({ method }) => method !== 'login');
    expect(asked.map(({ params }) => params['eventChannel'])).toEqual([info, chat, la, la]);
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
    expect(socket.sent('verto.broadcast')).toHaveLength(2);
    boot();
    await platform.advance(9_000);
    expect(socket.sent('verto.broadcast')).toHaveLength(2);
  });

  it('asks for a snapshot when an event is missing', () => {
    boot();
    const modify = { action: 'modify', name: '3500', hashKey: 'a', data: row(1, 'Alice') };
    socket.event({ eventChannel: la, data: { ...modify, wireSerno: 4 } });
    socket.event({ eventChannel: la, data: { ...modify, wireSerno: 6 } });
    expect(socket.sent('verto.broadcast')).toHaveLength(2);
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

  it('is quiet and unsubscribed when closed', async () => {
    boot();
    conference.close();
    socket.event({ eventChannel: chat, data: { message: 'hi', from: 'x' } });
    await settled();
    expect(log).toEqual(['members Alice']);
    expect(socket.sent('verto.unsubscribe').map(({ params }) => params['eventChannel'])).toEqual([la, chat, info]);
  });
});
