import { beforeEach, describe, expect, it } from 'vitest';
import { FakePeer, FakePlatform, logIn, settled, type FakeSocket } from '../../verto/testing';
import { strings } from '../strings';
import { Meeting } from './meeting.svelte';

const la = 'conference-liveArray.demo@x';

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

function begin(token = 'token'): void {
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
  });
  meeting.start();
}

function row(id: number, name: string, muted = false, blind = false) {
  const status = { audio: { muted, talking: false }, video: { mediaFlow: 'sendRecv', muted: blind } };
  return [String(id), 'guest', name, 'opus@48000', JSON.stringify(status), {}, null];
}

/** Answers the newest invite and lets the user into the room beside Bob. */
async function enter(socket: FakeSocket): Promise<string> {
  await settled();
  const invite = socket.last('verto.invite');
  const dialog = invite.params['dialogParams'] as { callID: string };
  await socket.result(invite, { message: 'CALL CREATED' });
  socket.call('verto.answer', { callID: dialog.callID, sdp: 'answer' });
  await settled();
  socket.event({
    eventChannel: 'session',
    pvtData: {
      action: 'conference-liveArray-join',
      callID: dialog.callID,
      laName: 'demo',
      laChannel: la,
      chatChannel: 'conference-chat.demo@x',
      infoChannel: 'conference-info.demo@x',
      conferenceMemberID: '7',
      role: 'participant',
    },
  });
  for (const request of socket.sent('verto.subscribe')) {
    await socket.result(request, { subscribedChannels: [String(request.params['eventChannel'])] });
  }
  boot(socket);
  return dialog.callID;
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
  const info = 'conference-info.demo@x';

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

  it('is given up after a few calls that break at once', async () => {
    const socket = await inside();
    for (let i = 0; i < 4; i++) {
      FakePeer.latest().events.failed();
      await platform.advance(0);
      await platform.advance(15_000);
      for (const ping of socket.sent('verto.ping')) await socket.result(ping);
      if (meeting.phase === 'room') await enter(socket);
    }
    expect(meeting.ending?.reason).toBe('noMedia');
    expect(socket.sent('verto.invite')).toHaveLength(4);
  });
});
