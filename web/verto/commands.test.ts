import { beforeEach, describe, expect, it } from 'vitest';
import { command, Commands, wire, type Command, type Reply } from './commands';
import type { JSONObject } from './json';
import { FakePlatform, settled } from './testing';

describe('a command on the wire', () => {
  it.each<[string, Command, JSONObject]>([
    ['mute', command.mute(7, true), { command: 'mute', id: 7, value: null }],
    ['unmute', command.mute(7, false), { command: 'unmute', id: 7, value: null }],
    ['camera off', command.hide(7, true), { command: 'vmute', id: 7, value: null }],
    ['spotlight', command.spotlight(7), { command: 'vid-floor', id: 7, value: 'force' }],
    ['a banner', command.banner(7, 'Zoë & Ж'), { command: 'vid-banner', id: 7, value: 'Zo%C3%AB%20%26%20%D0%96' }],
    ['no banner', command.banner(7, ''), { command: 'vid-banner', id: 7, value: 'clear' }],
    ['a move', command.move(7, 0), { command: 'vid-layer', id: 7, value: '1' }],
    ['a reservation', command.reserve(7, 'presenter'), { command: 'vid-res-id', id: 7, value: 'presenter' }],
    ['no reservation', command.reserve(7, ''), { command: 'vid-res-id', id: 7, value: 'clear' }],
    ['a logo', command.logo(7, 'uploads/ab.png'), { command: 'vid-logo-img', id: 7, value: 'uploads/ab.png' }],
    ['a turn', command.turn(7, 'rotate'), { command: 'vid-flip', id: 7, value: 'rotate' }],
    ['kick', command.kick(7), { command: 'kick', id: 7, value: null }],
    ['ban', command.ban(7), { command: 'ban', id: 7, value: null }],
    ['mute all', command.muteAll(), { command: 'mute', id: 'non_moderator', value: null }],
    ['promote', command.promote(7, true), { command: 'promote', id: 7, value: null }],
    ['demote', command.promote(7, false), { command: 'demote', id: 7, value: null }],
    ['hold', command.hold(7, true), { command: 'hold', id: 7, value: null }],
    ['lock', command.lock(true), { command: 'lock', id: null, value: null }],
    ['unlock', command.lock(false), { command: 'unlock', id: null, value: null }],
    ['a PIN', command.pin('1234'), { command: 'pin', id: null, value: '1234' }],
    ['no PIN', command.pin(''), { command: 'nopin', id: null, value: null }],
    ['a lobby', command.lobby(true), { command: 'lobby', id: null, value: 'on' }],
    ['admit', command.admit(8), { command: 'admit', id: 8, value: null }],
    ['admit all', command.admit('all'), { command: 'admit', id: 'all', value: null }],
    ['deny', command.deny(8), { command: 'deny', id: 8, value: null }],
    ['a hand', command.hand(7, true), { command: 'hand', id: 7, value: 'on' }],
    ['no hands', command.hand('all', false), { command: 'hand', id: 'all', value: 'off' }],
    ['a name', command.rename(7, 'Zoë Z'), { command: 'rename', id: 7, value: 'Zoë Z' }],
    ['a reaction', command.react(7, '👍'), { command: 'react', id: 7, value: '👍' }],
    ['the end', command.end(), { command: 'endconf', id: null, value: null }],
    ['a layout', command.layout('2x2'), { command: 'vid-layout', id: null, value: '2x2' }],
    ['a layout of a canvas', command.layout('group:grid', 1), { command: 'vid-layout', id: null, value: ['group:grid', '2'] }],
    ['a canvas', command.watch(7, 0), { command: 'vid-watching-canvas', id: 7, value: '1' }],
    [
      'zoom',
      command.zoom(0, 2, { x: 1, y: 2, w: 3, h: 4 }),
      { command: 'zoom-layer', id: null, value: null, canvasID: 0, layerID: 2, dimensions: { x: 1, y: 2, w: 3, h: 4 } },
    ],
  ])('%s', (_, given, want) => expect(wire(given)).toEqual({ application: 'conf-control', ...want }));
});

describe('answers', () => {
  let platform: FakePlatform;
  let commands: Commands;
  let sent: JSONObject[];
  let refusal: Error | undefined;

  beforeEach(() => {
    platform = new FakePlatform();
    sent = [];
    refusal = undefined;
    commands = new Commands({
      after: (ms, run) => platform.after(ms, run),
      send: async (data) => {
        sent.push(data);
        if (refusal) throw refusal;
      },
    });
  });

  function answer(line: string, response: string): boolean {
    return commands.receive({ action: 'response', 'conf-command': line, response });
  }

  it.each<[string, Command, string, string, boolean]>([
    ['done', command.mute(4, true), '3711 mute 4', '+OK mute 4\n', true],
    ['a banner', command.banner(4, 'Ж'), '3711 vid-banner 4 Ж', '+OK\n', true],
    ['lock', command.lock(true), '3711 lock ', '+OK 3711 locked\n', true],
    ['a PIN', command.pin('12'), '3711 pin 12', '-ERR Invalid parameters:\n', false],
    ['a hand', command.hand(4, true), '3711 hand 4 on', '+OK hand 4 up\n', true],
    ['floor', command.spotlight(4), '3711 vid-floor 4 force', '-ERR floor is held by 5\n', false],
    ['usage', command.reserve(9, 'x'), '3711 vid-res-id 9 x', 'vid-res-id <member_id>|all <val>|clear', false],
    ['usage after an error', command.logo(9, 'x'), '3711 vid-logo-img 9 x', '-ERR no\nvid-logo-img <member_id>', false],
    ['a group that is none', command.layout('group:x'), '3711 vid-layout group:x all', '+OK Change to layout group []\n-ERR Invalid layout [group:x]\n', false],
    ['a mislabelled group', command.layout('group:grid'), '3711 vid-layout group:grid all', '-ERR Change personal canvas to layout group [grid]\n', true],
    ['silence', command.spotlight(4), '3711 vid-floor 4 force', '', true],
    ['zoom', command.zoom(0, 1, { x: 0, y: 0, w: 5, h: 5 }), '3711 cam 0 1 zoom=0:0:5:5 snap_factor=1 zoom_factor=1', '-ERR invalid args\n', false],
    ['zoom by its own name', command.zoom(0, 1, { x: 0, y: 0, w: 5, h: 5 }), 'zoom-layer', '+OK\n', true],
    ['reset', command.unzoom(0, 1), '3711 cam 0 1 reset', '+OK\n', true],
  ])('%s', async (_, given, line, response, ok) => {
    const reply = commands.run(given);
    expect(answer(line, response)).toBe(true);
    expect(await reply).toEqual({ ok, text: response.trim() });
    expect(platform.pending).toBe(0);
  });

  it('to others are not taken', () => {
    void commands.run(command.mute(4, true));
    expect(answer('3711 mute 5', '+OK')).toBe(false);
    expect(answer('3711 mute 41', '+OK')).toBe(false);
    expect(answer('3711 unmute 4', '+OK')).toBe(false);
    expect(commands.receive({ action: 'other', 'conf-command': '3711 mute 4' })).toBe(false);
  });

  it('find the one that they are for', async () => {
    const log: string[] = [];
    const note = (name: string) => (reply: Reply) => log.push(`${name} ${reply.text}`);
    void commands.run(command.banner(4, 'one')).then(note('one'));
    void commands.run(command.banner(4, 'two')).then(note('two'));
    void commands.run(command.banner(4, 'two')).then(note('three'));
    answer('3711 vid-banner 4 two', 'a');
    answer('3711 vid-banner 4 two', 'b');
    answer('3711 vid-banner 4 something', 'c');
    await settled();
    expect(log).toEqual(['two a', 'three b', 'one c']);
  });

  it('that name no command refuse the oldest', async () => {
    const reply = commands.run(command.kick(4));
    commands.receive({ action: 'response', error: 'Invalid Command' });
    expect(await reply).toEqual({ ok: false, text: 'Invalid Command' });
  });

  it('that do not come are not waited for', async () => {
    const reply = commands.run(command.kick(4));
    await platform.advance(5_000);
    expect(await reply).toEqual({ ok: true, text: '' });
    expect(answer('3711 kick 4', '-ERR')).toBe(false);
  });

  it('include a refused broadcast', async () => {
    refusal = new Error('Permission Denied.');
    expect(await commands.run(command.kick(4))).toEqual({ ok: false, text: 'Permission Denied.' });
    expect([sent.length, platform.pending]).toEqual([1, 0]);
  });

  it('carry data', async () => {
    const reply = commands.run(command.layouts());
    commands.receive({ action: 'response', 'conf-command': 'list-videoLayouts', response: 'OK', responseData: [1] });
    expect(await reply).toEqual({ ok: true, text: 'OK', data: [1] });
  });
});
