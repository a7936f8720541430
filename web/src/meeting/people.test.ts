import { describe, expect, it } from 'vitest';
import { member, type Member } from '../../verto';
import { caller, handsFirst, newlyRaised } from './people';

function person(id: number, hand = 0): Member {
  return member(`key ${id}`, [String(id), '', `P${id}`, '', JSON.stringify({ audio: {}, hand }), {}, null]);
}

const ids = (members: Member[]): number[] => members.map(({ id }) => id);

describe('hands', () => {
  it('come first, the longest raised one first of all', () => {
    expect(ids(handsFirst([person(1), person(2, 20), person(3), person(4, 10)]))).toEqual([4, 2, 1, 3]);
  });

  it('are news when they go up, except the own one and those of people who come', () => {
    const before = [person(1), person(2, 5), person(3), person(4, 9)];
    const now = [person(1, 6), person(2, 5), person(3, 7), person(4), person(5, 8)];
    expect(newlyRaised(before, now, 3)).toEqual(['P1']);
  });
});

describe('who calls', () => {
  it.each([
    ['Bob', '1001', { name: 'Bob', number: '1001' }],
    ['conference', '0000000000', { name: 'conference', number: '' }],
    ['', '', { name: '', number: '' }],
    ['Bob\u202e', '1\u20282', { name: 'Bob', number: '1 2' }],
  ])('%j, %j', (name, number, want) => expect(caller({ kind: 'invite', callID: 'c', sdp: '', name, number })).toEqual(want));
});
