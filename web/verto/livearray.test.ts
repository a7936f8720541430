import { beforeEach, describe, expect, it } from 'vitest';
import { LiveArray, member } from './index';
import type { JSONObject } from './json';

let table: LiveArray;
let log: string[];

beforeEach(() => {
  log = [];
  table = new LiveArray('3500', {
    reset: () => log.push('reset'),
    added: (key) => log.push(`add ${key}`),
    modified: (key, row) => log.push(`modify ${key} ${String(row[0])}`),
    deleted: (key) => log.push(`del ${key}`),
    resync: () => log.push('resync'),
  });
});

function boot(...keys: string[]): void {
  table.receive({ action: 'bootObj', name: '3500', wireSerno: -1, data: keys.map((key) => [key, [key]]) });
}

function change(action: string, hashKey: string, wireSerno: number, extra: JSONObject = {}): void {
  table.receive({ action, name: '3500', hashKey, wireSerno, data: [`row ${wireSerno}`], ...extra });
}

function keys(): string[] {
  return table.entries().map(([key]) => key);
}

describe('live array', () => {
  it('takes a snapshot and follows it', () => {
    boot('a', 'b');
    change('add', 'c', 7);
    change('modify', 'a', 8);
    change('del', 'b', 9);
    expect(keys()).toEqual(['a', 'c']);
    expect(table.get('a')).toEqual(['row 8']);
    expect(log).toEqual(['reset', 'add c', 'modify a row 8', 'del b']);
  });

  it('counts the events before the snapshot', () => {
    change('add', 'a', 3);
    boot('a', 'b');
    change('modify', 'b', 4);
    expect(log).toEqual(['add a', 'reset', 'modify b row 4']);
  });

  it.each([
    ['a lost event', 5],
    ['an event that came twice', 3],
    ['an older event', 2],
  ])('asks once for a new snapshot after %s', (_, serial) => {
    boot('a');
    change('modify', 'a', 3);
    change('modify', 'a', serial);
    change('modify', 'a', serial + 1);
    expect(log).toEqual(['reset', 'modify a row 3', 'resync']);
    expect(table.stale).toBe(true);
    boot('a', 'b');
    expect(table.stale).toBe(false);
    change('modify', 'a', 40);
    change('modify', 'a', 41);
    expect(log.slice(3)).toEqual(['reset', 'modify a row 40', 'modify a row 41']);
  });

  it('comes back by clear and snapshot', () => {
    boot('a');
    change('modify', 'a', 3);
    change('modify', 'a', 9);
    table.receive({ action: 'clear', name: '3500', wireSerno: -1, data: {} });
    boot('b');
    change('add', 'c', 12);
    expect(keys()).toEqual(['b', 'c']);
  });

  it('shows the old rows until the new ones are there', () => {
    boot('a');
    change('modify', 'a', 3);
    change('modify', 'a', 9);
    log = [];
    table.receive({ action: 'clear', name: '3500', wireSerno: -1, data: {} });
    expect([log, keys()]).toEqual([[], ['a']]);
    boot('b');
    expect([log, keys(), table.stale]).toEqual([['reset'], ['b'], false]);
  });

  it('that was cleared without a word waits for its rows', () => {
    boot('a');
    table.receive({ action: 'clear', name: '3500', wireSerno: -1, data: {} });
    expect([keys(), table.stale]).toEqual([[], true]);
    boot('b');
    expect([keys(), table.stale]).toEqual([['b'], false]);
  });

  it('is empty after a clear', () => {
    boot('a');
    change('modify', 'a', 3);
    table.receive({ action: 'clear', name: '3500', wireSerno: -1, data: {} });
    expect(keys()).toEqual([]);
    change('add', 'b', 70);
    expect(keys()).toEqual(['b']);
  });

  it('puts rows where the server has them, at the end when its index counts deleted ones', () => {
    boot('a', 'b');
    change('add', 'c', 1, { arrIndex: 1 });
    change('add', 'd', 2, { arrIndex: 17 });
    change('add', 'a', 3, { arrIndex: 2 });
    expect(keys()).toEqual(['a', 'c', 'b', 'd']);
    expect(log).toEqual(['reset', 'add c', 'add d', 'modify a row 3']);
  });

  it('takes a new order', () => {
    boot('a', 'b', 'c');
    table.receive({ action: 'reorder', name: '3500', wireSerno: 1, order: ['c', 'a'] });
    expect(keys()).toEqual(['c', 'a', 'b']);
  });

  it('ignores other tables, unknown rows and rows without a key', () => {
    boot('a');
    table.receive({ action: 'clear', name: '3600', wireSerno: -1 });
    change('modify', 'x', 1);
    change('del', 'x', 2);
    change('add', '', 3);
    change('modify', 'a', 4);
    expect(log).toEqual(['reset', 'modify a row 4']);
  });
});

describe('member', () => {
  const status = {
    audio: { muted: true, deaf: false, onHold: false, talking: true, floor: true, energyScore: 812 },
    video: { visible: true, mediaFlow: 'sendRecv', muted: false, floor: true, floorLocked: true, videoLayerID: 2 },
  };

  it('is read from a row', () => {
    const row = ['0017', '1008', 'Ken', 'opus@48000', JSON.stringify(status), { email: 'k@example.org' }, null];
    expect(member('key', row)).toEqual({
      key: 'key',
      id: 17,
      number: '1008',
      name: 'Ken',
      codec: 'opus@48000',
      muted: true,
      deaf: false,
      onHold: false,
      talking: true,
      floor: true,
      role: undefined,
      hand: 0,
      quality: 0,
      detached: false,
      video: { visible: true, sends: true, screenShare: false, muted: false, floor: true, floorLocked: true, layer: 2, canvas: 0, watching: 0, reservation: '' },
      variables: { email: 'k@example.org' },
    });
  });

  it.each([
    [{ role: 'moderator', hand: 1700000000000, quality: 2, detached: true }, { role: 'moderator', hand: 1700000000000, quality: 2, detached: true }],
    [{ role: 'king', hand: -1, quality: 7, detached: 'yes' }, { role: undefined, hand: 0, quality: 0, detached: false }],
  ])('has what our server adds: %j', (extra, want) => {
    expect(member('key', ['1', '', '', '', JSON.stringify({ ...status, ...extra }), {}])).toMatchObject(want);
  });

  it.each([
    ['no picture', '{"audio":{},"video":false}', undefined],
    ['a watcher', '{"video":{"mediaFlow":"sendOnly"}}', { sends: false, layer: -1 }],
  ])('has the video of %s', (_, text, want) => {
    const { video } = member('key', ['1', '', '', '', text, {}]);
    if (want === undefined) expect(video).toBeUndefined();
    else expect(video).toMatchObject(want);
  });

  it.each([[[]], [['x', 1, {}, null, 'not json', 'y']], [[null, null, null, null, null, null]]])(
    'survives the row %j',
    (row) => {
      expect(member('key', row)).toMatchObject({ id: 0, name: '', muted: false, video: undefined, variables: {} });
    },
  );

  it('is called by the number without a name', () => {
    expect(member('key', ['1', '1008', '', '', '{}', {}]).name).toBe('1008');
  });
});
