// Opening a meeting on the server.

export interface NewMeeting {
  room: string;
  /** Lets this user in as the moderator. */
  token: string;
  /** A link to hand out to guests; empty if the server gave none that does not carry this user's own token. */
  invitation: string;
}

/** Opens a meeting; an empty room lets the server choose a name. It fails with the server's own words. */
export async function newMeeting(room: string, name: string): Promise<NewMeeting> {
  const response = await fetch('/api/meetings', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(room === '' ? { name } : { room, name }),
  });
  const body = await response.text();
  if (!response.ok) throw new Error(reason(body) || `HTTP ${response.status}`);
  return readMeeting(JSON.parse(body));
}

/** Reads the server's answer. */
export function readMeeting(answer: unknown): NewMeeting {
  const members = typeof answer === 'object' && answer !== null ? (answer as Record<string, unknown>) : {};
  const { room, token, link } = members;
  if (typeof room !== 'string' || room === '' || typeof token !== 'string') throw new Error('unexpected answer');
  // The moderator's own link must never be handed out in place of a guest's.
  const shareable = typeof link === 'string' && (token === '' || !link.includes(token));
  return { room, token, invitation: shareable ? link : '' };
}

/** Errors come as plain text or as {"error": …}; a page of markup is no explanation. */
function reason(body: string): string {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed === 'object' && parsed !== null && 'error' in parsed) return String(parsed.error).slice(0, 200);
  } catch {
    // not JSON
  }
  return body.startsWith('<') ? '' : body.trim().slice(0, 200);
}
