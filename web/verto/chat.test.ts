import { describe, expect, it } from 'vitest';
import { chatHistory, chatLine, chatMessage } from './chat';

describe('a line of chat', () => {
  it.each([
    [
      { message: 'hi', fromDisplay: 'Ken', from: '1008@x', id: 5, time: 1700000000000, fromID: 3 },
      { from: 'Ken', text: 'hi', id: 5, time: 1700000000000, fromID: 3, to: 0 },
    ],
    [{ message: 'hi', from: '1008@x' }, { from: '1008@x', text: 'hi', id: 0, time: 0, fromID: 0, to: 0 }],
    [{ message: 'psst', fromDisplay: 'Ken', private: true, to: 17, fromID: 3 }, { from: 'Ken', text: 'psst', id: 0, time: 0, fromID: 3, to: 17 }],
    [{ message: 'hi', to: 17 }, { from: '', text: 'hi', id: 0, time: 0, fromID: 0, to: 0 }],
    [{ message: '' }, undefined],
    [{ message: 5 }, undefined],
    [null, undefined],
  ])('%j', (data, want) => expect(chatMessage(data)).toEqual(want));

  it('goes to everybody or to one', () => {
    expect(chatLine('hi')).toEqual({ action: 'send', message: 'hi', type: 'message' });
    expect(chatLine('hi', 17)).toEqual({ action: 'send', message: 'hi', type: 'message', to: 17 });
  });
});

describe('what was said before', () => {
  it('is read line by line', () => {
    const messages = [{ message: 'a', id: 1 }, { nothing: true }, 'x', { message: 'b', id: 2 }];
    expect(chatHistory({ action: 'history', messages })?.map(({ text }) => text)).toEqual(['a', 'b']);
    expect(chatHistory({ action: 'history', messages: 'x' })).toEqual([]);
  });

  it('is no line, and a line is none', () => {
    expect(chatHistory({ message: 'a' })).toBeUndefined();
    expect(chatHistory({ action: 'history' })).toBeUndefined();
  });
});
