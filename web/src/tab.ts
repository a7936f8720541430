// What one tab remembers, so that a reload is no leaving.

/** A meeting that this tab is in. Its password is here because a reload must not ask for it; it goes with the tab. */
export interface Running {
  name: string;
  user: string;
  password: string;
  pin: string;
  micOn: boolean;
  cameraOn: boolean;
}

/**
 * The session id of this tab for a room and for who is there, a token or a user's name. A reload keeps it, so that the
 * server knows who is back; two tabs have two, and so has whoever comes as somebody else.
 */
export function sessionID(room: string, identity: string, fresh: () => string): string {
  const kept = read('omniverto.session');
  const same = kept['room'] === room && kept['identity'] === identity && typeof kept['id'] === 'string';
  const id = same ? String(kept['id']) : fresh();
  write('omniverto.session', { room, identity, id });
  return id;
}

/** Remembers the meeting until forgetRunning; a later one takes its place. */
export function keepRunning(room: string, identity: string, running: Running): void {
  write('omniverto.running', { room, identity, ...running });
}

/** The meeting that this tab was in when it was loaded anew, if it was in this room with the same invitation. */
export function keptRunning(room: string, identity: string): Running | undefined {
  const kept = read('omniverto.running');
  if (kept['room'] !== room || kept['identity'] !== identity || typeof kept['name'] !== 'string') return undefined;
  const text = (key: string): string => (typeof kept[key] === 'string' ? kept[key] : '');
  return {
    name: kept['name'],
    user: text('user'),
    password: text('password'),
    pin: text('pin'),
    micOn: kept['micOn'] === true,
    cameraOn: kept['cameraOn'] === true,
  };
}

export function forgetRunning(): void {
  try {
    sessionStorage.removeItem('omniverto.running');
  } catch {
    // Nothing was kept either.
  }
}

/** Storage may be switched off or hold anything; then nothing was kept. */
function read(name: string): Record<string, unknown> {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(name) ?? '{}');
    return typeof kept === 'object' && kept !== null ? (kept as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function write(name: string, value: object): void {
  try {
    sessionStorage.setItem(name, JSON.stringify(value));
  } catch {
    // Without storage a reload is a new visit.
  }
}
