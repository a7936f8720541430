import { describe, expect, it } from 'vitest';
import { pastedLink, roomPath, route } from './route';

const at = (address: string) => route(new URL(address, 'https://meet.example'));

describe('route', () => {
  it.each([
    ['/', { page: 'home' }],
    ['/r/stand-up_1.2', { page: 'room', room: 'stand-up_1.2', token: '' }],
    ['/r/a#token=x.y-z', { page: 'room', room: 'a', token: 'x.y-z' }],
    ['/r/a?token=q', { page: 'room', room: 'a', token: 'q' }],
    ['/r/a?token=q#token=f', { page: 'room', room: 'a', token: 'f' }],
    ['/r/a/', { page: 'room', room: 'a', token: '' }],
    ['/r/', { page: 'unknown' }],
    ['/r/a%20b', { page: 'unknown' }],
    [`/r/${'a'.repeat(65)}`, { page: 'unknown' }],
    ['/other', { page: 'unknown' }],
  ])('%s', (address, want) => expect(at(address)).toEqual(want));

  it('reads what it writes', () => {
    expect(at(roomPath('a', 'x+y/z='))).toEqual({ page: 'room', room: 'a', token: 'x+y/z=' });
    expect(roomPath('a', '')).toBe('/r/a');
  });
});

describe('a pasted link', () => {
  it.each([
    ['https://meet.example/r/a#token=x', '/r/a#token=x'],
    [' meet.example/r/a#token=x ', '/r/a#token=x'],
    ['https://other.example/r/a?token=x', 'https://other.example/r/a?token=x'],
    ['stand-up', '/r/stand-up'],
    ['https://meet.example/', undefined],
    ['javascript:alert(1)//r/a', undefined],
    ['ftp://meet.example/r/a', undefined],
    ['two words', undefined],
    ['', undefined],
  ])('%j leads to %j', (text, want) => expect(pastedLink(text, 'https://meet.example')).toBe(want));
});
