import { describe, expect, it } from 'vitest';
import { avatarColor, initials, pieces, plainName } from './links';

describe('pieces', () => {
  it.each([
    ['no link', 'hello', []],
    ['a link', 'see https://example.org/a?b=1#c now', ['https://example.org/a?b=1#c']],
    ['a sentence', 'Look at http://example.org/x.', ['http://example.org/x']],
    ['brackets', '(https://example.org/wiki) and https://example.org/a_(b)', ['https://example.org/wiki', 'https://example.org/a_(b)']],
    ['two links', 'https://a.example,https://b.example', ['https://a.example,https://b.example']],
    ['scripts', 'javascript:alert(1) data:text/html,x vbscript:x', []],
    ['markup', '<a href="https://example.org">x</a>', ['https://example.org']],
    ['a disguised host', 'https://bank.example@evil.example/', []],
    ['no host', 'https:// and http://', []],
  ])('%s', (_, text, links) => {
    const found = pieces(text);
    expect(found.filter(({ href }) => href).map((piece) => piece.text)).toEqual(links);
    expect(found.map((piece) => piece.text).join('')).toBe(text);
    for (const { href } of found) if (href) expect(href).toMatch(/^https?:\/\//);
  });
});

describe('names', () => {
  it.each([
    ['  Ann \n Lee ', 'Ann Lee'],
    ['a\u202eb\u0000c', 'a b c'],
    ['نام\u200cه', 'نام\u200cه'],
    ['x'.repeat(100), 'x'.repeat(80)],
  ])('%j is shown as %j', (name, want) => expect(plainName(name)).toBe(want));

  it.each([
    ['Ann Lee', 'AL'],
    ['ann', 'A'],
    ['Ann van der Lee', 'AL'],
    ['王小明', '王'],
    ['(Bob) - x', 'BX'],
    ['', '?'],
    ['👋', '?'],
  ])('%j has the initials %j', (name, want) => expect(initials(name)).toBe(want));

  // The same pairs stand in mcu/room/avatar_test.go: one person, one colour.
  it.each([
    ['Anna Ferrari', '#0c72a8'],
    [' anna ferrari', '#0c72a8'],
    ['Дмитрий Ж', '#856405'],
    ['', '#a84f0c'],
  ])('%j has the colour %s', (name, want) => expect(avatarColor(name)).toBe(want));
});
