// Single keys that act in a meeting.

/** What the buttons of a meeting do. */
export type Action =
  | 'mic'
  | 'camera'
  | 'hand'
  | 'react'
  | 'members'
  | 'chat'
  | 'layouts'
  | 'host'
  | 'stats'
  | 'settings'
  | 'fullScreen'
  | 'hold'
  | 'rename'
  | 'more'
  | 'leave';

export type Shortcut = Exclude<Action, 'settings' | 'hold' | 'rename' | 'more' | 'leave'> | 'escape';

const keys: Record<string, Shortcut> = {
  m: 'mic',
  v: 'camera',
  r: 'hand',
  e: 'react',
  p: 'members',
  c: 'chat',
  l: 'layouts',
  h: 'host',
  i: 'stats',
  f: 'fullScreen',
  escape: 'escape',
};

/** What a key press asks for, or undefined: keys typed into a field and combinations are not for us. */
export function shortcut(event: KeyboardEvent): Shortcut | undefined {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.isComposing) return undefined;
  const action = keys[event.key.toLowerCase()];
  const typing = event.target instanceof Element && event.target.closest('input, textarea, select, [contenteditable]') !== null;
  return typing && action !== 'escape' ? undefined : action;
}
