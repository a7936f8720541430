import { beforeEach, describe, expect, it } from 'vitest';
import { Conference, joinInfo, member, Session, type Member } from '../../verto';
import { FakePlatform, logIn, settled, type FakeSocket } from '../../verto/testing';
import { strings } from '../strings';
import { Moderation } from './moderation.svelte';
import { Notices } from './notices.svelte';
import { authorization, uploadImage } from './upload';

const mod = 'conference-mod.demo@x';

function person(id: number, video = {}): Member {
  return member(`key ${id}`, [String(id), '', 'Anna', '', JSON.stringify({ audio: {}, video }), {}, null]);
}

let socket: FakeSocket;
let notices: Notices;
let moderation: Moderation;
let requests: Array<{ url: string; init: RequestInit | undefined }>;
let response: Response;

beforeEach(async () => {
  const platform = new FakePlatform();
  const session = new Session({ url: 'ws://x', credentials: { login: 'a', passwd: 'b' }, platform, sessid: 'session' });
  session.connect();
  socket = await logIn(platform);
  notices = new Notices((ms, run) => platform.after(ms, run));
  requests = [];
  moderation = new Moderation({
    room: 'demo',
    login: { token: 'tok', user: '', password: '' },
    notices,
    request: async (url, init) => {
      requests.push({ url: String(url), init });
      return response;
    },
  });
  const join = joinInfo({
    action: 'conference-liveArray-join', callID: 'c', laName: 'demo', laChannel: 'la', chatChannel: 'chat', modChannel: mod,
    infoChannel: 'conference-info.demo@x', conferenceMemberID: '1', canvasCount: 2,
  });
  if (!join) throw new Error('not a join');
  const conference = new Conference(session, platform, join);
  moderation.attach(conference);
  conference.open();
  for (const request of socket.sent('verto.subscribe')) {
    await socket.result(request, { subscribedChannels: [String(request.params['eventChannel'])] });
  }
});

function answer(line: string, text: string): void {
  socket.event({ eventChannel: mod, data: { action: 'response', 'conf-command': line, response: text } });
}

/** The commands that were sent, as lines. */
function sent(): string[] {
  const commands = socket.sent('verto.broadcast').map(({ params }) => params['data'] as { command?: string; id?: number; value?: unknown });
  return commands.filter(({ command }) => command).map(({ command, id, value }) => [command, id, value].filter((part) => part != null).join(' '));
}

function told(): string | undefined {
  return notices.all.at(-1)?.text;
}

describe('a moderator', () => {
  it('sends commands and is quiet when they are accepted', async () => {
    const done = moderation.mute(person(7), true);
    answer('demo mute 7', '+OK mute 7\n');
    expect([await done, told(), sent()]).toEqual([true, undefined, ['mute 7']]);
  });

  it.each([
    ['-ERR floor is held by 5\n', 'floor is held by 5'],
    ['vid-floor <member_id>', 'vid-floor <member_id>'],
  ])('is told of the refusal %j', async (text, want) => {
    const done = moderation.spotlight(person(7));
    answer('demo vid-floor 7 force', text);
    expect([await done, told()]).toEqual([false, strings.moderation.refused(want)]);
  });

  it('is not told of what others are refused', () => {
    answer('demo mute 8', '-ERR no');
    expect(told()).toBeUndefined();
  });

  it('is told that nothing works without a meeting', async () => {
    moderation.detach();
    expect([await moderation.remove(person(7)), told()]).toEqual([false, strings.moderation.failed]);
  });

  it('moves to free places and reserves reserved ones', async () => {
    void moderation.move(person(7), 2, '');
    void moderation.move(person(7), 2, 'presenter');
    expect(sent()).toEqual(['vid-layer 7 3', 'vid-res-id 7 presenter']);
    // Asked again, the server would take it away.
    expect(await moderation.move(person(8, { reservationID: 'presenter' }), 2, 'presenter')).toBe(true);
    expect(await moderation.reserve(person(8), '')).toBe(true);
    expect(sent()).toHaveLength(2);
    void moderation.reserve(person(8, { reservationID: 'presenter' }), '');
    expect(sent().at(-1)).toBe('vid-res-id 8 clear');
  });

  it('names the canvas when there are several', () => {
    void moderation.layout('2x2', 1);
    expect(sent()).toEqual(['vid-layout 2x2,2']);
  });

  it.each([
    ['vid-layout 3x3 all', '+OK Change canvas 1 to layout [3x3]\n', '3x3'],
    ['vid-layout group:grid all', '+OK Change to layout group [grid]\n', 'group:grid'],
    ['vid-layout group:x all', '+OK Change to layout group []\n-ERR Invalid layout [group:x]\n', ''],
    ['vid-layout x all', '-ERR Invalid layout [x]\n', ''],
    ['vid-layout 2x2', '+OK Change personal canvas set to layout [2x2]\n', '2x2'],
    ['vid-layout group:grid', '-ERR Change personal canvas to layout group [grid]\n', 'group:grid'],
  ])('hears of %s: %j', (line, text, want) => {
    answer(`demo ${line}`, text);
    expect(moderation.chosen).toBe(want);
  });

  it('hears of banners, whoever sets them', () => {
    answer('demo vid-banner 7 Zo%C3%AB%20Z', '+OK\n');
    answer('demo vid-banner 8 100%', '+OK\n');
    answer('demo vid-banner 9 no', '-ERR no\n');
    expect([...moderation.banners]).toEqual([[7, 'Zoë Z'], [8, '100%']]);
    answer('demo vid-banner 7 clear', '+OK\n');
    expect([...moderation.banners.keys()]).toEqual([8]);
  });

  it('runs the meeting by commands', () => {
    void moderation.lock(true);
    void moderation.lobby(false);
    void moderation.pin('1234');
    void moderation.pin('');
    void moderation.muteAll();
    void moderation.lower('all');
    void moderation.lower(person(7));
    void moderation.remove(person(7), true);
    void moderation.promote(person(7), true);
    void moderation.hold(person(7), false);
    void moderation.rename(person(7), 'Zoë Z');
    void moderation.admit({ id: 18, name: 'x', since: 0 });
    void moderation.deny({ id: 18, name: 'x', since: 0 });
    void moderation.end();
    expect(sent()).toEqual([
      'lock', 'lobby off', 'pin 1234', 'nopin', 'mute non_moderator', 'hand all off', 'hand 7 off', 'ban 7', 'promote 7',
      'unhold 7', 'rename 7 Zoë Z', 'admit 18', 'deny 18', 'endconf',
    ]);
  });

  it('is told that somebody is called', async () => {
    const done = moderation.dial('1001');
    expect(sent()).toEqual(['bgdial user/1001']);
    answer('demo bgdial user/1001', '+OK Job-UUID: x\n');
    expect([await done, told()]).toEqual([true, strings.moderation.dialling('1001')]);
  });

  it('gives an image to the server and then shows it', async () => {
    response = new Response('{"name":"uploads/ab.png"}', { status: 201 });
    const done = moderation.logo(person(7), new Blob(['x'], { type: 'image/png' }));
    for (let i = 0; i < 20 && sent().length === 0; i++) await settled();
    answer('demo vid-logo-img 7 uploads/ab.png', '+OK Video logo set\n');
    expect([await done, sent()]).toEqual([true, ['vid-logo-img 7 uploads/ab.png']]);
    expect(requests[0]?.url).toBe('/api/images?room=demo');
    expect(requests[0]?.init).toMatchObject({ method: 'POST', headers: { Authorization: 'Bearer tok', 'Content-Type': 'image/png' } });
  });

  it('is told why an image was not taken', async () => {
    response = new Response('{"error":"it is no PNG"}', { status: 422 });
    expect(await moderation.logo(person(7), new Blob(['x']))).toBe(false);
    expect([told(), sent()]).toEqual([strings.moderation.imageRefused('it is no PNG'), []]);
  });
});

describe('an image', () => {
  const login = { token: '', user: 'zoë@x', password: 'p:w' };

  it('is sent with a user name and password, in UTF-8', () => {
    expect(atob(authorization(login).replace('Basic ', ''))).toBe('zo\u00c3\u00ab@x:p:w');
  });

  it('that is too large is not sent at all', async () => {
    const image = { size: 9_000_000, type: 'image/png' } as Blob;
    await expect(uploadImage('a', login, image, async () => response)).rejects.toThrow(strings.moderation.imageTooLarge);
  });

  it.each([
    [new Response('<html>', { status: 502 }), 'HTTP 502'],
    [new Response('{}', { status: 201 }), 'HTTP 201'],
  ])('is refused in words (%#)', async (answer, want) => {
    const sending = uploadImage('a', login, new Blob(['x']), async () => answer);
    await expect(sending).rejects.toThrow(strings.moderation.imageRefused(want));
  });
});
