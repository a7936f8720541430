import { beforeEach, describe, expect, it } from 'vitest';
import type { ChatMessage } from '../../verto';
import { Chat } from './chat.svelte';

let chat: Chat;
let now: number;

beforeEach(() => {
  now = 1000;
  chat = new Chat(() => now);
  chat.me = 7;
});

function message(id: number, text: string, more: Partial<ChatMessage> = {}): ChatMessage {
  return { id, text, from: 'Bob', time: 0, fromID: 3, to: 0, ...more };
}

const texts = (): string[] => chat.lines.map(({ text }) => text);

describe('chat', () => {
  it('takes each line once, however often it comes', () => {
    chat.receive(message(1, 'a'));
    expect(chat.receive(message(1, 'a'))).toBeUndefined();
    chat.recall([message(1, 'a'), message(2, 'b')]);
    expect([texts(), chat.unread]).toEqual([['a', 'b'], 1]);
  });

  it('puts what was said before where it belongs', () => {
    now = 5000;
    chat.receive(message(4, 'now', { time: 4000 }));
    chat.recall([message(2, 'two', { time: 2000 }), message(1, 'one', { time: 1000 }), message(5, 'five', { time: 5000 })]);
    expect(texts()).toEqual(['one', 'two', 'now', 'five']);
    expect(chat.unread).toBe(1);
  });

  it('leaves out of the past what has no number: it may be here already', () => {
    chat.recall([message(0, 'a')]);
    expect(texts()).toEqual([]);
  });

  it('knows whose a line is by the id, if the server gives one', () => {
    chat.sending('hi');
    chat.receive(message(1, 'hi'));
    chat.receive(message(2, 'hi', { fromID: 7 }));
    chat.receive(message(0, 'hi', { fromID: 0 }));
    chat.recall([message(3, 'mine', { fromID: 7 })]);
    expect(chat.lines.map(({ mine }) => mine)).toEqual([false, true, false, true]);
  });

  it('keeps what is private apart', () => {
    chat.receive(message(1, 'psst', { to: 7 }));
    chat.receive(message(2, 'hi'));
    expect(chat.lines.map(({ to, fromID }) => [to, fromID])).toEqual([[7, 3], [0, 3]]);
  });
});
