import { beforeEach, describe, expect, it } from 'vitest';
import { FakePeer, FakePlatform, logIn, settled, type FakeSocket } from '../../verto/testing';
import { strings } from '../strings';
import { Meeting } from './meeting.svelte';
import type { MeetingOptions } from './options';

const la = 'conference-liveArray.demo@x';
const mod = 'conference-mod.demo@x';
const info = 'conference-info.demo@x';

class FakeSwitches {
  micOn = true;
  cameraOn = true;
  readonly log: string[] = [];

  setMic(on: boolean): void {
    this.log.push(`mic ${on}`);
  }

  setCamera(on: boolean): void {
    this.log.push(`camera ${on}`);
  }
}

let platform: FakePlatform;
let media: FakeSwitches;
let meeting: Meeting;
let serial: number;

beforeEach(() => {
  FakePeer.made = [];
  platform = new FakePlatform();
  media = new FakeSwitches();
  serial = 0;
});

function begin(token = 'token', change: Partial<MeetingOptions> = {}): void {
  meeting = new Meeting({
    platform,
    socketURL: 'wss://x/verto',
    sessid: 'session',
    room: 'demo',
    name: 'Ann',
    token,
    user: 'ann@x',
    password: 'secret',
    media,
    peer: (events) => new FakePeer(events),
    ...change,
  });
  meeting.start();
}

function row(id: number, name: string, muted = false, blind = false, more = {}) {
  const status = { audio: { muted, talking: false }, video: { mediaFlow: 'sendRecv', muted: blind }, ...more };
  return [String(id), 'guest', name, 'opus@48000', JSON.stringify(status), {}, null];
}

/** Answers the newest invite. */
async function answer(socket: FakeSocket): Promise<string> {
  await settled();
  const invite = socket.last('verto.invite');
  const { callID } = invite.params['dialogParams'] as { callID: string };
  await socket.result(invite, { message: 'CALL CREATED' });
  socket.call('verto.answer', { callID, sdp: 'answer' });
  await settled();
  return callID;
}

/** Answers the newest invite and lets the user into the room beside Bob. */
async function enter(socket: FakeSocket): Promise<string> {
  const callID = await answer(socket);
  await admit(socket, callID);
  return callID;
}

async function admit(socket: FakeSocket, callID: string, role = 'participant'): Promise<void> {
  socket.event({
    eventChannel: 'session',
    pvtData: {
      action: 'conference-liveArray-join',
      callID,
      laName: 'demo',
      laChannel: la,
      chatChannel: 'conference-chat.demo@x',
      infoChannel: 'conference-info.demo@x',
      conferenceMemberID: '7',
      role,
      ...(role === 'moderator' ? { modChannel: mod } : {}),
    },
  });
  for (const request of socket.sent('verto.subscribe')) {
    await socket.result(request, { subscribedChannels: [String(request.params['eventChannel'])] });
  }
  boot(socket);
}

function waits(socket: FakeSocket, callID: string, reason: string): void {
  socket.event({ eventChannel: 'session', pvtData: { action: 'conference-waiting', callID, reason, laName: 'demo' } });
}

function told(): string | undefined {
  return meeting.notices.all.at(-1)?.text;
}

/** What was asked for on the moderators' channel. */
function asked(socket: FakeSocket): string[] {
  const requests = socket.sent('verto.broadcast').filter(({ params }) => params['eventChannel'] === mod);
  const commands = requests.map(({ params }) => params['data'] as { command: string; id: unknown; value: unknown });
  return commands.map(({ command, id, value }) => [command, id, value].filter((part) => part != null).join(' '));
}

/** Lets time pass while the server answers to signs of life. */
async function waitAlive(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 5_000) {
    await platform.advance(5_000);
    for (const ping of platform.socket.sent('verto.ping')) await platform.socket.result(ping);
  }
}

function boot(socket: FakeSocket): void {
  const data = [['b', row(3, 'Bob')], ['a', row(7, 'Ann')]];
  socket.event({ eventChannel: la, data: { action: 'bootObj', name: 'demo', wireSerno: -1, data } });
}

function change(socket: FakeSocket, action: string, hashKey: string, data: ReturnType<typeof row>): void {
  socket.event({ eventChannel: la, data: { action, name: 'demo', hashKey, wireSerno: ++serial, data } });
}

function digits(socket: FakeSocket): unknown[] {
  return socket.sent('verto.info').map(({ params }) => params['dtmf']).filter(Boolean);
}

async function inside(): Promise<FakeSocket> {
  begin();
  const socket = await logIn(platform);
  await enter(socket);
  return socket;
}

describe('joining', () => {
  it('goes through its phases with a token as the password', async () => {
    begin();
    expect(meeting.phase).toBe('connecting');
    const socket = await logIn(platform);
    expect(socket.last('login').params).toMatchObject({ login: 'guest', passwd: 'token' });
    expect(meeting.phase).toBe('joining');
    await enter(socket);
    expect(meeting.phase).toBe('room');
    expect(meeting.members.map(({ name }) => name)).toEqual(['Bob', 'Ann']);
    expect(meeting.me?.id).toBe(7);
  });

  it('signs a user in without a token', async () => {
    begin('');
    platform.socket.accept();
    expect(platform.socket.last('login').params).toMatchObject({ login: 'ann@x', passwd: 'secret' });
  });

  it.each([
    ['token', 'badToken'],
    ['', 'badLogin'],
  ])('explains a refused login (token %j)', async (token, reason) => {
    begin(token);
    platform.socket.accept();
    await platform.socket.error(platform.socket.last('login'), { code: -32001, message: 'Authentication Failure' });
    expect(meeting.ending?.reason).toBe(reason);
  });

  it.each([
    [21, 'CALL_REJECTED', 'notAllowed'],
    [17, 'USER_BUSY', 'full'],
    [88, 'INCOMPATIBLE_DESTINATION', 'incompatible'],
    [3, 'NO_ROUTE_DESTINATION', 'noRoom'],
    [999, 'STRANGE', 'other'],
  ])('explains cause %i', async (causeCode, cause, reason) => {
    begin();
    const socket = await logIn(platform);
    await settled();
    const { callID } = socket.last('verto.invite').params['dialogParams'] as { callID: string };
    socket.call('verto.bye', { callID, causeCode, cause });
    expect(meeting.ending?.reason).toBe(reason);
    expect(meeting.ending?.detail).toContain(cause);
  });

  it('gives up on a server that does not answer', async () => {
    begin();
    platform.socket.drop();
    await platform.advance(20_000);
    expect([meeting.phase, meeting.ending?.reason]).toEqual(['ended', 'failed']);
    const attempts = platform.sockets.length;
    await platform.advance(60_000);
    expect(platform.sockets).toHaveLength(attempts);
  });
});

describe('switches', () => {
  it('tell the server by keys', async () => {
    const socket = await inside();
    meeting.setMic(false);
    meeting.setCamera(false);
    expect(digits(socket)).toEqual(['0', '*0']);
    expect(media.log).toEqual(['mic false', 'camera false']);
    change(socket, 'modify', 'a', row(7, 'Ann', true, true));
    expect([meeting.micOn, meeting.cameraOn]).toEqual([false, false]);
    expect(digits(socket)).toHaveLength(2);
  });

  it('follow the server', async () => {
    const socket = await inside();
    change(socket, 'modify', 'a', row(7, 'Ann', true));
    expect([meeting.micOn, media.log]).toEqual([false, ['mic false']]);
    expect(meeting.notices.all.at(-1)?.text).toBe(strings.room.mutedByOther);
    expect(digits(socket)).toEqual([]);
  });

  it('do not follow the rows of others', async () => {
    const socket = await inside();
    change(socket, 'modify', 'b', row(3, 'Bob', true, true));
    expect([meeting.micOn, meeting.cameraOn]).toEqual([true, true]);
  });

  it('that were off before joining are off on the server', async () => {
    media.micOn = false;
    media.cameraOn = false;
    expect(digits(await inside())).toEqual(['0', '*0']);
  });
});

describe('in the room', () => {
  it('tells of people who come and go', async () => {
    const socket = await inside();
    change(socket, 'add', 'c', row(9, 'Cy'));
    change(socket, 'del', 'b', row(3, 'Bob'));
    expect(meeting.members.map(({ name }) => name)).toEqual(['Ann', 'Cy']);
    expect(meeting.notices.all.map(({ text }) => text)).toEqual(['Cy joined', 'Bob left']);
    await platform.advance(5_000);
    expect(meeting.notices.all).toEqual([]);
  });

  it('counts lines of chat until they are seen, and knows its own', async () => {
    const socket = await inside();
    const sent = meeting.say('hello');
    await socket.result(socket.last('verto.broadcast'));
    expect(await sent).toBe(true);
    const line = (message: string): void =>
      socket.event({ eventChannel: 'conference-chat.demo@x', data: { message, fromDisplay: 'x' } });
    line('hello');
    line('hello');
    expect(meeting.chat.lines.map(({ mine }) => mine)).toEqual([true, false]);
    expect(meeting.chat.unread).toBe(1);
    meeting.chat.show(true);
    line('more');
    expect(meeting.chat.unread).toBe(0);
  });

  it('says when a line could not be sent', async () => {
    const socket = await inside();
    const sent = meeting.say('hello');
    await socket.result(socket.last('verto.broadcast'), { message: 'Permission Denied.', code: -32002 });
    expect(await sent).toBe(false);
    expect(meeting.notices.all.at(-1)?.text).toBe(strings.chat.failed);
  });

  it('leaves with a goodbye and leaves nothing behind', async () => {
    const socket = await inside();
    meeting.leave();
    expect(socket.sent('verto.bye')).toHaveLength(1);
    expect([meeting.phase, meeting.ending?.reason, socket.open]).toEqual(['ended', 'left', false]);
    await platform.advance(60_000);
    expect(platform.sockets).toHaveLength(1);
    expect(platform.pending).toBe(0);
  });

  it('ends when the server says so', async () => {
    const socket = await inside();
    const { callID } = socket.last('verto.invite').params['dialogParams'] as { callID: string };
    socket.call('verto.bye', { callID, causeCode: 16, cause: 'NORMAL_CLEARING' });
    expect(meeting.ending?.reason).toBe('removed');
  });

  it('ends when another window takes over', async () => {
    const socket = await inside();
    socket.call('verto.punt', {});
    expect(meeting.ending?.reason).toBe('elsewhere');
  });
});

describe('the canvas', () => {
  const message = (canvasID: number, rtpTime: number, serial: number) => ({
    contentType: 'canvas-geometry',
    geometry: { canvasID, serial, width: 1280, height: 720, rtpTime, layout: '1x1', moveMs: 0, layers: [] },
  });

  it('is known from the frame on that shows it', async () => {
    const socket = await inside();
    meeting.canvas.follow(true);
    socket.event({ eventChannel: info, eventData: message(0, 9000, 1) });
    expect([meeting.canvas.geometry, meeting.canvas.waiting]).toEqual([undefined, true]);
    meeting.canvas.frame(9000);
    expect([meeting.canvas.geometry?.serial, meeting.canvas.waiting]).toEqual([1, false]);
  });

  it('may be a personal one, which is asked for again after a lost connection', async () => {
    const socket = await inside();
    const wish = meeting.setPersonal(true);
    const request = socket.last('verto.broadcast');
    expect(request.params).toMatchObject({ eventChannel: 'conference-mod.demo@x', data: { command: 'vid-watching-canvas', id: 7, value: 'personal' } });
    const line = 'demo vid-watching-canvas 7 personal';
    socket.event({ eventChannel: 'session', data: { action: 'response', 'conf-command': line, response: '+OK watching canvas personal\n' } });
    expect(await wish).toBe('');
    socket.event({ eventChannel: 'session', eventData: message(-1, 0, 1) });
    expect(meeting.canvas.personal).toBe(true);
    socket.drop();
    await platform.advance(500);
    const next = await logIn(platform);
    await enter(next);
    expect(meeting.canvas.geometry).toBeUndefined();
    expect(next.sent('verto.broadcast').some(({ params }) => JSON.stringify(params).includes('"personal"'))).toBe(true);
  });

  it('says why there is no personal one', async () => {
    const socket = await inside();
    const wish = meeting.setPersonal(true);
    const line = 'demo vid-watching-canvas 7 personal';
    socket.event({ eventChannel: 'session', data: { action: 'response', 'conf-command': line, response: '-ERR limit reached\n' } });
    expect(await wish).toBe(strings.moderation.refused('limit reached'));
  });
});

describe('a lost connection', () => {
  it('shows, then comes back by a new call, still muted', async () => {
    const socket = await inside();
    meeting.setMic(false);
    change(socket, 'modify', 'a', row(7, 'Ann', true));
    socket.drop();
    expect([meeting.phase, meeting.offline, meeting.members.length]).toEqual(['room', true, 2]);
    await platform.advance(500);
    const next = await logIn(platform);
    expect(next.sent('verto.bye')).toHaveLength(1);
    await enter(next);
    expect([meeting.phase, meeting.offline, meeting.micOn]).toEqual(['room', false, false]);
    expect(digits(next)).toEqual(['0']);
    FakePeer.latest().events.connected();
    expect(meeting.mediaLost).toBe(false);
  });

  it('comes back into the same call by the offer of the server', async () => {
    const socket = await inside();
    const { callID } = socket.last('verto.invite').params['dialogParams'] as { callID: string };
    socket.drop(1012);
    await platform.advance(500);
    const next = platform.socket;
    next.accept();
    await next.result(next.last('login'), { sessid: 'session' });
    next.call('verto.attach', { callID, sdp: 'new offer' });
    next.call('verto.clientReady', { reattached_sessions: [callID] });
    await settled();
    await next.result(next.last('verto.attach'));
    await admit(next, callID);
    FakePeer.latest().events.connected();
    expect([meeting.phase, meeting.offline, meeting.mediaLost, meeting.me?.id]).toEqual(['room', false, false, 7]);
    expect([next.sent('verto.invite'), next.sent('verto.bye')]).toEqual([[], []]);
  });

  it('that the server saw is mended too', async () => {
    const socket = await inside();
    const { callID } = socket.last('verto.invite').params['dialogParams'] as { callID: string };
    socket.call('verto.bye', { callID, causeCode: 804, cause: 'MEDIA_TIMEOUT' });
    expect([meeting.phase, meeting.mediaLost]).toEqual(['room', true]);
    await enter(socket);
    expect(socket.sent('verto.invite')).toHaveLength(2);
  });

  it('is given up after a few calls that break at once', async () => {
    const socket = await inside();
    for (let i = 0; i < 4; i++) {
      FakePeer.latest().events.failed();
      await platform.advance(0);
      await waitAlive(30_000);
      if (meeting.phase === 'room') await enter(socket);
    }
    expect(meeting.ending?.reason).toBe('noMedia');
    expect(socket.sent('verto.invite')).toHaveLength(4);
  });
});

describe('a page loaded anew', () => {
  it('is back in the call that the server has kept', async () => {
    media.micOn = false;
    begin('token', { back: true });
    const socket = platform.socket;
    socket.accept();
    await socket.result(socket.last('login'), { sessid: 'session' });
    socket.call('verto.attach', { callID: 'kept', sdp: 'offer' });
    socket.call('verto.clientReady', { reattached_sessions: ['kept'] });
    await settled();
    await socket.result(socket.last('verto.attach'));
    expect(meeting.phase).toBe('joining');
    await admit(socket, 'kept');
    change(socket, 'modify', 'a', row(7, 'Ann', true));
    expect([meeting.phase, meeting.me?.id, meeting.micOn]).toEqual(['room', 7, false]);
    expect([digits(socket), socket.sent('verto.invite')]).toEqual([['0'], []]);
  });

  it('follows what happened to its microphone meanwhile', async () => {
    begin('token', { back: true });
    const socket = platform.socket;
    socket.accept();
    await socket.result(socket.last('login'), { sessid: 'session' });
    socket.call('verto.attach', { callID: 'kept', sdp: 'offer' });
    await settled();
    await socket.result(socket.last('verto.attach'));
    await admit(socket, 'kept');
    change(socket, 'modify', 'a', row(7, 'Ann', true));
    expect([meeting.micOn, media.log, digits(socket)]).toEqual([false, ['mic false'], []]);
  });

  it('joins anew when nothing was kept', async () => {
    begin('token', { back: true });
    await enter(await logIn(platform));
    expect(meeting.phase).toBe('room');
  });

  it('is patient with a server that restarts', async () => {
    begin('token', { back: true });
    platform.socket.drop();
    await platform.advance(100_000);
    expect(meeting.phase).toBe('connecting');
    await platform.advance(20_000);
    expect(meeting.ending?.reason).toBe('failed');
  });

  it('takes one call only', async () => {
    const socket = await inside();
    socket.call('verto.attach', { callID: 'other', sdp: 'offer' });
    expect(socket.last('verto.bye').params).toMatchObject({ dialogParams: { callID: 'other' } });
    expect(meeting.phase).toBe('room');
  });
});

describe('the door', () => {
  async function atTheDoor(reason: string): Promise<[FakeSocket, string]> {
    begin();
    const socket = await logIn(platform);
    const callID = await answer(socket);
    waits(socket, callID, reason);
    return [socket, callID];
  }

  it('asks for a PIN until it is right', async () => {
    const [socket, callID] = await atTheDoor('pin');
    expect([meeting.phase, meeting.asked]).toEqual(['waiting', 'pin']);
    void meeting.enter('1111');
    expect([digits(socket), meeting.asked]).toEqual([['1111#'], 'none']);
    waits(socket, callID, 'pin-wrong');
    expect([meeting.asked, meeting.pin]).toEqual(['pin-wrong', '']);
    void meeting.enter('1234');
    waits(socket, callID, 'none');
    await admit(socket, callID);
    expect([meeting.phase, digits(socket)]).toEqual(['room', ['1111#', '1234#']]);
  });

  it('gives a known PIN with the call', async () => {
    begin('token', { pin: '1234', deviceID: 'd' });
    const socket = await logIn(platform);
    await settled();
    expect(socket.last('verto.invite').params['dialogParams']).toMatchObject({ pin: '1234', deviceID: 'd' });
  });

  it('asks again when the PIN did not get through', async () => {
    const [socket] = await atTheDoor('pin');
    const entering = meeting.enter('1234');
    await socket.error(socket.last('verto.info'), { code: -32002, message: 'no' });
    await entering;
    expect(meeting.asked).toBe('pin');
  });

  it('lets in whom a moderator admits', async () => {
    const [socket, callID] = await atTheDoor('admission');
    await platform.advance(10_000);
    expect([meeting.phase, meeting.asked]).toEqual(['waiting', 'admission']);
    await admit(socket, callID);
    expect(meeting.phase).toBe('room');
  });

  it.each([
    ['pin', 21, 'wrongPIN'],
    ['pin-wrong', 21, 'wrongPIN'],
    ['admission', 21, 'denied'],
    ['admission', 16, 'denied'],
    ['admission', 17, 'full'],
  ])('(%s) stays closed with cause %i', async (reason, causeCode, want) => {
    const [socket, callID] = await atTheDoor(reason);
    socket.call('verto.bye', { callID, causeCode, cause: 'X' });
    expect(meeting.ending?.reason).toBe(want);
  });

  it('is locked, which is no leaving', async () => {
    begin();
    const socket = await logIn(platform);
    await settled();
    const { callID } = socket.last('verto.invite').params['dialogParams'] as { callID: string };
    socket.call('verto.bye', { callID, causeCode: 16, cause: 'NORMAL_CLEARING' });
    expect(meeting.ending?.reason).toBe('locked');
  });

  it('is closed for who was banned inside', async () => {
    const socket = await inside();
    const { callID } = socket.last('verto.invite').params['dialogParams'] as { callID: string };
    socket.call('verto.bye', { callID, causeCode: 21, cause: 'CALL_REJECTED' });
    expect([meeting.ending?.reason, meeting.ending?.again]).toEqual(['banned', false]);
  });

  it('of another server may say nothing', async () => {
    begin();
    const socket = await logIn(platform);
    await answer(socket);
    expect(meeting.phase).toBe('joining');
    await platform.advance(1_500);
    expect(meeting.phase).toBe('room');
  });
});

describe('signs', () => {
  it('are given by commands about oneself, and refusals are told', async () => {
    const socket = await inside();
    const raising = meeting.signs.raise(true);
    void meeting.signs.rename('Anna B');
    void meeting.signs.react('👍');
    expect(asked(socket)).toEqual(['hand 7 on', 'rename 7 Anna B', 'react 7 👍']);
    const data = { action: 'response', 'conf-command': 'demo hand 7 on', response: '-ERR not now\n' };
    socket.event({ eventChannel: 'session', data });
    expect([await raising, told()]).toEqual([false, strings.moderation.refused('not now')]);
  });

  it('that the server does not permit are told', async () => {
    const socket = await inside();
    const raising = meeting.signs.raise(true);
    await socket.result(socket.last('verto.broadcast'), { message: 'Permission Denied.', code: -32002 });
    expect([await raising, told()]).toEqual([false, strings.moderation.refused('Permission Denied.')]);
  });

  it('of others float for a while', async () => {
    const socket = await inside();
    const reaction = (memberID: number): void =>
      socket.event({ eventChannel: info, eventData: { contentType: 'reaction', memberID, name: 'Bob', reaction: '👏' } });
    for (let i = 0; i < 20; i++) reaction(3);
    expect(meeting.signs.floating).toHaveLength(12);
    expect(meeting.signs.floating.at(-1)).toMatchObject({ member: 3, name: 'Bob', emoji: '👏' });
    await platform.advance(4_000);
    expect(meeting.signs.floating).toEqual([]);
  });

  it('of raised hands are told to moderators, once and of others only', async () => {
    begin();
    const socket = await logIn(platform);
    await admit(socket, await answer(socket), 'moderator');
    change(socket, 'modify', 'b', row(3, 'Bob', false, false, { hand: 5 }));
    change(socket, 'modify', 'b', row(3, 'Bob', true, false, { hand: 5 }));
    change(socket, 'modify', 'a', row(7, 'Ann', false, false, { hand: 6 }));
    expect(meeting.notices.all.map(({ text }) => text)).toEqual([strings.members.raised('Bob')]);
  });
});

describe('running a meeting', () => {
  it('knows how the room stands', async () => {
    const socket = await inside();
    socket.event({ eventChannel: info, eventData: { contentType: 'room-info', roomInfo: { locked: true } } });
    expect(meeting.room).toMatchObject({ locked: true, needsPIN: false });
  });

  it('may be taken over by a participant, and given back', async () => {
    const socket = await inside();
    change(socket, 'modify', 'a', row(7, 'Ann', false, false, { role: 'moderator' }));
    expect([meeting.moderation.allowed, told()]).toEqual([true, strings.moderation.promoted]);
    expect(socket.last('verto.subscribe').params['eventChannel']).toBe(mod);
    change(socket, 'modify', 'a', row(7, 'Ann', false, false, { role: 'participant' }));
    expect([meeting.moderation.allowed, told()]).toEqual([false, strings.moderation.demoted]);
  });

  it('tells who waits, and of each once', async () => {
    begin();
    const socket = await logIn(platform);
    await admit(socket, await answer(socket), 'moderator');
    const lobby = (...waiting: object[]): void => socket.raw(
      JSON.stringify({ method: 'verto.event', params: { eventChannel: mod, data: { action: 'lobby', waiting } } }),
    );
    const cy = { memberID: 9, name: 'Cy', since: 2 };
    lobby(cy);
    lobby(cy, { memberID: 10, name: 'Di', since: 1 });
    expect(meeting.moderation.visitors.map(({ name }) => name)).toEqual(['Di', 'Cy']);
    expect(meeting.notices.all.map(({ text }) => text)).toEqual([strings.moderation.waits('Cy'), strings.moderation.waits('Di')]);
    void meeting.moderation.admit('all');
    expect(asked(socket)).toEqual(['admit all']);
  });

  it('puts the own call on hold', async () => {
    const socket = await inside();
    const held = meeting.hold(true);
    await socket.result(socket.last('verto.modify'), { holdState: 'held' });
    await held;
    expect(meeting.held).toBe(true);
    const refused = meeting.hold(false);
    await socket.error(socket.last('verto.modify'), { code: -32002, message: 'CALL DOES NOT EXIST' });
    await refused;
    expect([meeting.held, told()]).toEqual([true, strings.moderation.refused('CALL DOES NOT EXIST')]);
  });
});

describe('being called', () => {
  const invite = { callID: 'ring', sdp: 'offer', caller_id_name: 'Bob\u202e', caller_id_number: '1001' };

  async function idle(): Promise<FakeSocket> {
    begin('', { room: '' });
    return logIn(platform);
  }

  it('waits, rings, and is in the meeting', async () => {
    const socket = await idle();
    expect([meeting.phase, socket.sent('verto.invite')]).toEqual(['idle', []]);
    socket.call('verto.invite', invite);
    expect([meeting.phase, meeting.caller]).toEqual(['idle', { name: 'Bob', number: '1001' }]);
    meeting.accept();
    await settled();
    await socket.result(socket.last('verto.answer'));
    await admit(socket, 'ring');
    expect([meeting.phase, meeting.caller]).toEqual(['room', undefined]);
    meeting.leave();
    expect([meeting.phase, socket.last('verto.bye').params['dialogParams']]).toEqual(['idle', { callID: 'ring' }]);
    meeting.leave();
    expect(meeting.ending?.reason).toBe('left');
  });

  it('declines', async () => {
    const socket = await idle();
    socket.call('verto.invite', invite);
    meeting.decline();
    expect([meeting.phase, meeting.caller, socket.last('verto.bye').params['causeCode']]).toEqual(['idle', undefined, 21]);
  });

  it('tells of a call that was missed', async () => {
    const socket = await idle();
    socket.call('verto.invite', invite);
    socket.call('verto.bye', { callID: 'ring', causeCode: 487, cause: 'ORIGINATOR_CANCEL' });
    expect([meeting.phase, meeting.caller, told()]).toEqual(['idle', undefined, strings.line.missed('Bob')]);
  });

  it('is busy while it rings, and in a meeting', async () => {
    const socket = await idle();
    socket.call('verto.invite', invite);
    socket.call('verto.invite', { ...invite, callID: 'second' });
    expect(socket.last('verto.bye').params).toMatchObject({ causeCode: 17, dialogParams: { callID: 'second' } });
    expect(meeting.caller?.name).toBe('Bob');
  });

  it('is not for who came to a room', async () => {
    const socket = await inside();
    socket.call('verto.invite', invite);
    expect(socket.last('verto.bye').params).toMatchObject({ causeCode: 17 });
    expect(meeting.caller).toBeUndefined();
  });
});
