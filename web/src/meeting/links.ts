// Finds web links in plain text. The result is rendered as text and anchors, never as markup.

export interface Piece {
  text: string;
  /** Set for a link; always http: or https:. */
  href?: string;
}

const candidate = /https?:\/\/[^\s<>"'`]+/gi;

/** Splits text into pieces that joined give the text again. */
export function pieces(text: string): Piece[] {
  const result: Piece[] = [];
  let end = 0;
  for (const match of text.matchAll(candidate)) {
    const link = trimmed(match[0]);
    const href = safe(link);
    if (href === undefined) continue;
    if (match.index > end) result.push({ text: text.slice(end, match.index) });
    result.push({ text: link, href });
    end = match.index + link.length;
  }
  if (end < text.length) result.push({ text: text.slice(end) });
  return result;
}

/** Punctuation behind a link belongs to the sentence, and a closing bracket to its opening one. */
function trimmed(link: string): string {
  let result = link.replace(/[.,;:!?]+$/, '');
  while (result.endsWith(')') && !result.includes('(')) result = result.slice(0, -1);
  return result;
}

function safe(link: string): string | undefined {
  try {
    const url = new URL(link);
    const web = url.protocol === 'http:' || url.protocol === 'https:';
    // Credentials in a link only serve to show another host than the one it leads to.
    return web && url.username === '' && url.password === '' ? url.href : undefined;
  } catch {
    return undefined;
  }
}

/** Takes out of a name what could make it look like something else: control and direction characters, line breaks. */
export function plainName(name: string): string {
  return name
    .replace(/[\u0000-\u001f\u007f-\u009f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 80);
}

/** Up to two letters that stand for a name. */
export function initials(name: string): string {
  const words = plainName(name).split(' ').filter((word) => /[\p{L}\p{N}]/u.test(word));
  const letters = words.length > 1 ? [words[0], words.at(-1)] : words.slice(0, 1);
  return letters.map((word) => [...(word ?? '')].find((c) => /[\p{L}\p{N}]/u.test(c)) ?? '').join('').toUpperCase() || '?';
}

/** The server's avatar colours (mcu/room/avatar.go), so that a person has one colour on the canvas and in the list. */
const avatarColors = [
  '#b93a32', '#a84f0c', '#856405', '#4d751d', '#1a7a43', '#0b7878',
  '#0c72a8', '#2f62c9', '#5b53cb', '#8543bd', '#a8378f', '#b7325f',
];

/** The colour of a name, however it is capitalised: FNV-1a of its UTF-8 bytes chooses, as on the server. */
export function avatarColor(name: string): string {
  const bytes = new TextEncoder().encode(name.trim().toLowerCase());
  const hash = bytes.reduce((sum, byte) => Math.imul(sum ^ byte, 0x01000193) >>> 0, 0x811c9dc5);
  return avatarColors[hash % avatarColors.length] ?? '';
}
