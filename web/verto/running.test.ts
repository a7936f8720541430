import { describe, expect, it } from 'vitest';
import { lobby, reaction, roomInfo, waiting } from './running';

describe('the state of a room', () => {
  const known = { locked: true, needsPIN: true, lobby: true, waitModerator: true, recording: true, waiting: 2 };
  const nothing = { locked: false, needsPIN: false, lobby: false, waitModerator: false, recording: false, waiting: 0 };

  it.each([
    [{ contentType: 'room-info', roomInfo: known }, known],
    [{ contentType: 'room-info', roomInfo: { locked: 'yes', waiting: 'x' } }, nothing],
    [{ contentType: 'room-info' }, nothing],
    [{ contentType: 'layout-info', roomInfo: known }, undefined],
    [{}, undefined],
  ])('%j', (data, want) => expect(roomInfo(data)).toEqual(want));
});

describe('a reaction', () => {
  it.each([
    [{ contentType: 'reaction', memberID: 17, name: 'Ken', reaction: '👍' }, { member: 17, name: 'Ken', reaction: '👍' }],
    [{ contentType: 'reaction', memberID: '17', reaction: '👍' }, { member: 17, name: '', reaction: '👍' }],
    [{ contentType: 'reaction', memberID: 17, name: 'Ken', reaction: '' }, undefined],
    [{ contentType: 'x', reaction: '👍' }, undefined],
  ])('%j', (data, want) => expect(reaction(data)).toEqual(want));
});

describe('who waits', () => {
  it('is told to moderators', () => {
    const entries = [{ memberID: 18, name: 'Ann', callID: 'c', since: 5 }, { name: 'nobody' }, 'x'];
    expect(lobby({ action: 'lobby', waiting: entries })).toEqual([{ id: 18, name: 'Ann', since: 5 }]);
    expect(lobby({ action: 'lobby' })).toEqual([]);
    expect(lobby({ action: 'response', waiting: entries })).toBeUndefined();
  });

  it.each([
    [{ action: 'conference-waiting', callID: 'c', reason: 'pin', laName: '3500' }, { callID: 'c', reason: 'pin', name: '3500' }],
    [{ action: 'conference-waiting', callID: 'c', reason: 'pin-wrong' }, { callID: 'c', reason: 'pin-wrong', name: '' }],
    [{ action: 'conference-waiting', callID: 'c', reason: 'admission' }, { callID: 'c', reason: 'admission', name: '' }],
    [{ action: 'conference-waiting', callID: 'c', reason: 'other' }, { callID: 'c', reason: 'none', name: '' }],
    [{ action: 'conference-liveArray-join', callID: 'c' }, undefined],
  ])('is told so himself: %j', (data, want) => expect(waiting(data)).toEqual(want));
});
