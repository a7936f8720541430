import { describe, expect, it } from 'vitest';
import { geometry, member, type Geometry, type Member } from '../../verto';
import { cells } from './cells';

function person(id: number, name: string, audio = {}, video: object | false = { mediaFlow: 'sendRecv' }): Member {
  return member(`key ${id}`, [String(id), '', name, '', JSON.stringify({ audio, video }), {}, null]);
}

function shown(...layers: object[]): Geometry {
  const found = geometry(JSON.parse(JSON.stringify({ canvasID: 0, serial: 1, width: 1280, height: 720, layers })));
  if (!found) throw new Error('no geometry');
  return found;
}

const right = { layerID: 1, memberID: 7, x: 640, y: 0, width: 640, height: 360 };
const left = { layerID: 0, memberID: 3, x: 0, y: 0, width: 640, height: 360 };
const seat = { layerID: 2, memberID: 0, x: 0, y: 360, width: 640, height: 360, reservationID: 'guest' };
const anna = person(7, 'Anna', { talking: true });
const bob = person(3, 'Bob', { muted: true, talking: true }, { mediaFlow: 'sendRecv', muted: true, floorLocked: true });

describe('cells', () => {
  it('say who is there and how, in reading order', () => {
    const found = cells(shown(right, seat, left), { members: [anna, bob], me: 7, seats: true });
    expect(found.map(({ label }) => label)).toEqual([
      'Bob, microphone off, camera off, in the spotlight',
      'Anna, you, speaking',
      'Empty seat “guest”',
    ]);
    expect(found.map(({ talking, mine, seat }) => [talking, mine, seat])).toEqual([
      [false, false, false],
      [true, true, false],
      [false, false, true],
    ]);
  });

  it('show empty seats only to those who can fill them', () => {
    expect(cells(shown(left, seat), { members: [bob], me: 3, seats: false }).map(({ layer }) => layer)).toEqual([0]);
  });

  it('leave out what is neither taken nor reserved', () => {
    expect(cells(shown({ ...left, memberID: 0 }), { members: [], me: 3, seats: true })).toEqual([]);
  });

  it('keep their keys in another layout', () => {
    const key = (geometry: Geometry): string | undefined => cells(geometry, { members: [], me: 0, seats: true })[0]?.key;
    expect(key(shown(left))).toBe(key(shown({ ...left, layerID: 5, x: 100 })));
  });

  it('have different keys even if the server shows somebody twice', () => {
    const found = cells(shown(left, { ...right, memberID: 3 }, seat, { ...seat, layerID: 3, z: 9 }), { members: [], me: 0, seats: true });
    expect(new Set(found.map(({ key }) => key)).size).toBe(4);
  });

  it('are somebody before his row has come, and canvases on the super canvas', () => {
    const found = cells(shown(left, { ...right, memberID: 0, showsCanvas: 2 }), { members: [], me: 0, seats: false });
    expect(found.map(({ label }) => label)).toEqual(['Guest', 'Canvas 2']);
  });

  it('keep out of the way of those above them', () => {
    const under = { ...left, width: 1280, height: 720, z: 0 };
    const above = { ...right, x: 0, y: 540, width: 320, height: 180, z: 1 };
    const found = cells(shown(under, above), { members: [], me: 0, seats: false });
    expect(found.map(({ layer, high }) => [layer, high])).toEqual([[0, true], [1, false]]);
  });

  it('know whose name is in the picture', () => {
    const bannered = new Map([[7, 'Anna']]);
    const found = cells(shown({ ...left, banner: true }, right), { members: [], me: 0, seats: false, bannered });
    expect(found.map(({ banner }) => banner)).toEqual([true, true]);
  });
});
