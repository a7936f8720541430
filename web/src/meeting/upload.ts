// Images that moderators bring along.

import { strings } from '../strings';

/** How a request shows who sends it: by the token of an invitation, or else by user name and password. */
export interface Login {
  token: string;
  user: string;
  password: string;
}

export function authorization({ token, user, password }: Login): string {
  if (token !== '') return `Bearer ${token}`;
  const bytes = new TextEncoder().encode(`${user}:${password}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}

/** The most that the server takes, in bytes. */
const largest = 8 * 1024 * 1024;

/**
 * Gives an image to the server and returns the name by which commands call it there. It fails with words for the user.
 * request stands for fetch.
 */
export async function uploadImage(room: string, login: Login, image: Blob, request: typeof fetch = fetch): Promise<string> {
  if (image.size > largest) throw new Error(strings.moderation.imageTooLarge);
  const response = await request(`/api/images?room=${encodeURIComponent(room)}`, {
    method: 'POST',
    headers: { Authorization: authorization(login), 'Content-Type': image.type || 'application/octet-stream' },
    body: image,
  });
  const answer = members(await response.json().catch(() => ({})));
  if (response.ok && typeof answer['name'] === 'string' && answer['name'] !== '') return answer['name'];
  const why = typeof answer['error'] === 'string' ? answer['error'].slice(0, 200) : `HTTP ${response.status}`;
  throw new Error(strings.moderation.imageRefused(why));
}

function members(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
