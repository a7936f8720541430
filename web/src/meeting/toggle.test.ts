import { beforeEach, describe, expect, it } from 'vitest';
import { FakePlatform, settled } from '../../verto/testing';
import { Toggle } from './toggle';

let platform: FakePlatform;
let log: string[];
let refuse: boolean;

beforeEach(() => {
  platform = new FakePlatform();
  log = [];
  refuse = false;
});

function toggle(initial: boolean): Toggle {
  return new Toggle({
    initial,
    flip: () => {
      log.push('flip');
      return refuse ? Promise.reject(new Error('refused')) : Promise.resolve();
    },
    after: (ms, run) => platform.after(ms, run),
    changed: (on, byServer) => log.push(`${on ? 'on' : 'off'}${byServer ? ' by server' : ''}`),
    failed: () => log.push('failed'),
  });
}

describe('toggle', () => {
  it('flips once and is quiet when the server follows', () => {
    const mic = toggle(true);
    mic.follow(true);
    mic.set(false);
    mic.follow(true); // a row for another reason
    mic.follow(false);
    mic.follow(false);
    expect(log).toEqual(['off', 'flip']);
  });

  it('shows a change before the server has confirmed it', () => {
    const mic = toggle(true);
    mic.follow(true);
    mic.set(false);
    expect(mic.on).toBe(false);
  });

  it('waits with further clicks and flips again only if they differ in the end', () => {
    const mic = toggle(true);
    mic.follow(true);
    mic.set(false);
    mic.set(true);
    mic.set(false);
    mic.follow(false);
    expect(log.filter((entry) => entry === 'flip')).toHaveLength(1);
    mic.set(true);
    mic.set(false);
    expect(log.filter((entry) => entry === 'flip')).toHaveLength(2);
    mic.follow(true);
    expect(log.filter((entry) => entry === 'flip')).toHaveLength(3);
    mic.follow(false);
    expect(mic.on).toBe(false);
    expect(log.filter((entry) => entry === 'flip')).toHaveLength(3);
  });

  it('follows the server without flipping back', () => {
    const mic = toggle(true);
    mic.follow(true);
    mic.follow(false);
    mic.follow(true);
    expect(log).toEqual(['off by server', 'on by server']);
  });

  it('asks the server for a start with off, not for a start with on', () => {
    toggle(false).follow(true);
    expect(log).toEqual(['flip']);
    log = [];
    toggle(true).follow(false);
    expect(log).toEqual(['off by server']);
  });

  it('goes back when the server does not follow in time', async () => {
    const mic = toggle(true);
    mic.follow(true);
    mic.set(false);
    await platform.advance(3_999);
    expect(log).toEqual(['off', 'flip']);
    await platform.advance(1);
    expect(log).toEqual(['off', 'flip', 'on', 'failed']);
    mic.follow(false);
    expect(log.at(-1)).toBe('off by server');
  });

  it('goes back at once when the server refuses', async () => {
    const mic = toggle(true);
    mic.follow(true);
    refuse = true;
    mic.set(false);
    await settled();
    expect(log).toEqual(['off', 'flip', 'on', 'failed']);
    expect(platform.pending).toBe(0);
  });

  it('keeps off over a lost connection', async () => {
    const mic = toggle(true);
    mic.follow(true);
    mic.set(false);
    mic.follow(false);
    mic.disconnect();
    log = [];
    mic.follow(true); // a new member starts unmuted
    expect([log, mic.on]).toEqual([['flip'], false]);
    mic.follow(false);
    await platform.advance(10_000);
    expect(log).toEqual(['flip']);
  });

  it('remembers what is wanted while the server is gone', () => {
    const mic = toggle(true);
    mic.set(false);
    expect(log).toEqual(['off']);
    mic.follow(true);
    expect(log).toEqual(['off', 'flip']);
  });
});
