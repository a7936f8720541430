// Which page an address means, and how links are made and read.

export type Route = { page: 'home' } | { page: 'room'; room: string; token: string } | { page: 'unknown' };

const roomName = /^[A-Za-z0-9_.-]{1,64}$/;

export function isRoomName(name: string): boolean {
  return roomName.test(name) && !/^\.+$/.test(name);
}

/** Reads a page's address. A token may be in the fragment, where servers never see it, or in the query. */
export function route(address: { pathname: string; search: string; hash: string }): Route {
  if (address.pathname === '/') return { page: 'home' };
  const room = /^\/r\/([^/]+)\/?$/.exec(address.pathname)?.[1];
  if (room === undefined || !isRoomName(room)) return { page: 'unknown' };
  const fragment = new URLSearchParams(address.hash.replace(/^#/, ''));
  const query = new URLSearchParams(address.search);
  return { page: 'room', room, token: fragment.get('token') ?? query.get('token') ?? '' };
}

/** The path of a room's page with its token in the fragment. */
export function roomPath(room: string, token: string): string {
  return `/r/${room}${token === '' ? '' : `#token=${encodeURIComponent(token)}`}`;
}

/**
 * Turns what somebody pasted into the address to go to: a link to a room on any server, or a room's name on this one.
 * Undefined if it is neither.
 */
export function pastedLink(text: string, origin: string): string | undefined {
  const pasted = text.trim();
  if (isRoomName(pasted)) return roomPath(pasted, '');
  let url: URL;
  try {
    url = new URL(pasted.includes('://') ? pasted : `https://${pasted}`);
  } catch {
    return undefined;
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return undefined;
  if (route(url).page !== 'room') return undefined;
  const path = url.pathname + url.search + url.hash;
  return url.origin === origin ? path : url.origin + path;
}
