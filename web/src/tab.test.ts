import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { forgetRunning, keepRunning, keptRunning, sessionID } from './tab';

const running = { name: 'Ann', user: '', password: '', pin: '12', micOn: false, cameraOn: true };
let storage: Map<string, string>;
let last: number;

beforeEach(() => {
  storage = new Map();
  last = 0;
  vi.stubGlobal('sessionStorage', {
    getItem: (key: string) => storage.get(key) ?? null,
    setItem: (key: string, value: string) => storage.set(key, value),
    removeItem: (key: string) => storage.delete(key),
  });
});
afterEach(() => vi.unstubAllGlobals());

const fresh = (): string => `id ${++last}`;

describe('the session of a tab', () => {
  it('is the same after a reload, and another one elsewhere or as somebody else', () => {
    const ids = [['a', 'token'], ['a', 'token'], ['b', 'token'], ['b', 'other'], ['b', 'other']].map(([room = '', who = '']) =>
      sessionID(room, who, fresh),
    );
    expect(ids).toEqual(['id 1', 'id 1', 'id 2', 'id 3', 'id 3']);
  });

  it.each(['not json', '7', 'null', '{"room":"a","identity":"t","id":5}'])('survives %s in the storage', (kept) => {
    storage.set('omniverto.session', kept);
    expect(sessionID('a', 't', fresh)).toBe('id 1');
  });

  it('is a fresh one without storage', () => {
    vi.stubGlobal('sessionStorage', undefined);
    expect([sessionID('a', 't', fresh), keptRunning('a', 't')]).toEqual(['id 1', undefined]);
    keepRunning('a', 't', running);
    forgetRunning();
  });
});

describe('a running meeting', () => {
  it('is known after a reload, until it is over', () => {
    keepRunning('a', 't', running);
    expect(keptRunning('a', 't')).toEqual(running);
    forgetRunning();
    expect(keptRunning('a', 't')).toBeUndefined();
  });

  it('is not another one', () => {
    keepRunning('a', 't', running);
    expect([keptRunning('b', 't'), keptRunning('a', 'u')]).toEqual([undefined, undefined]);
  });
});
