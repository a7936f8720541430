import { describe, expect, it } from 'vitest';
import { readConfig } from './config';
import { readMeeting } from './pages/newmeeting';
import { merge } from './prefs';
import { claims } from './token';

describe('config.json', () => {
  const page = 'https://meet.example:8443/r/a#token=x';

  it.each([
    [{}, 'wss://meet.example:8443/verto'],
    [{ wsURL: '/socket' }, 'wss://meet.example:8443/socket'],
    [{ wsURL: 'wss://b.example:8082' }, 'wss://b.example:8082/'],
    [{ wsURL: 'ws://b.example/x' }, 'ws://b.example/x'],
    [{ wsURL: 5 }, 'wss://meet.example:8443/verto'],
    [null, 'wss://meet.example:8443/verto'],
  ])('%j has the socket %s', (data, want) => expect(readConfig(data, page).socketURL).toBe(want));

  it('uses a plain socket from a plain page', () => {
    expect(readConfig({}, 'http://localhost:8081/').socketURL).toBe('ws://localhost:8081/verto');
  });

  it('says who may do what', () => {
    const turnServer = { urls: ['turn:t.example'], username: 'u', credential: 'c' };
    expect(readConfig({ newMeeting: true, domain: 'x', name: 'Ann', turnServer }, page)).toMatchObject({
      newMeeting: true,
      domain: 'x',
      name: 'Ann',
      iceServers: [turnServer],
    });
    expect(readConfig({ newMeeting: 'true' }, page)).toMatchObject({ newMeeting: false, iceServers: [] });
  });
});

describe('a new meeting', () => {
  it('has a guest link to hand out', () => {
    const answer = { room: 'a', token: 'mod', link: 'https://x/r/a#token=guest' };
    expect(readMeeting(answer)).toEqual({ room: 'a', token: 'mod', invitation: 'https://x/r/a#token=guest' });
  });

  it("never hands out the moderator's own link", () => {
    expect(readMeeting({ room: 'a', token: 'mod', link: 'https://x/r/a#token=mod' }).invitation).toBe('');
  });

  it.each([[null], [{}], [{ room: '', token: 'x' }], [{ room: 'a' }]])('is refused from %j', (answer) => {
    expect(() => readMeeting(answer)).toThrow('unexpected answer');
  });
});

describe('preferences', () => {
  it('take what has the right type', () => {
    expect(merge({ name: 'Ann', micOn: 'no', cameraOn: false, other: 1 })).toMatchObject({ name: 'Ann', micOn: true, cameraOn: false });
    expect(merge(null).selfView).toBe(true);
  });
});

describe('a token', () => {
  const base64url = (text: string): string =>
    btoa(String.fromCharCode(...new TextEncoder().encode(text))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
  const token = (payload: unknown): string => `h.${base64url(JSON.stringify(payload))}.s`;

  it('says whom it is for', () => {
    expect(claims(token({ room: 'a', role: 'moderator', name: 'Zoë', exp: 1700000000 }))).toEqual({
      room: 'a',
      role: 'moderator',
      name: 'Zoë',
      expires: 1700000000,
    });
  });

  it.each(['', 'opaque', 'a.b.c', 'a.!!.c', 'h.Nw.s'])('%j says nothing', (text) => {
    expect(claims(text)).toBeUndefined();
  });
});
