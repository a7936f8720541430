// What a browser remembers of its user between meetings.

export interface Prefs {
  name: string;
  micOn: boolean;
  cameraOn: boolean;
  mic: string;
  camera: string;
  speaker: string;
  quality: 'standard' | 'high';
  selfView: boolean;
}

const key = 'omniverto.prefs';

const defaults: Prefs = {
  name: '',
  micOn: true,
  cameraOn: true,
  mic: '',
  camera: '',
  speaker: '',
  quality: 'standard',
  selfView: true,
};

/** Storage may be switched off or hold anything; then the defaults count. */
export function loadPrefs(): Prefs {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(key) ?? '{}');
    return merge(stored);
  } catch {
    return { ...defaults };
  }
}

/** Keeps the members given and leaves the others. */
export function savePrefs(change: Partial<Prefs>): void {
  try {
    localStorage.setItem(key, JSON.stringify({ ...loadPrefs(), ...change }));
  } catch {
    // Without storage the next visit starts with the defaults.
  }
}

/** Takes from stored what has the type of its default. */
export function merge(stored: unknown): Prefs {
  const found = typeof stored === 'object' && stored !== null ? (stored as Record<string, unknown>) : {};
  const known = Object.entries(defaults).map(([name, value]) => [
    name,
    typeof found[name] === typeof value ? found[name] : value,
  ]);
  return Object.fromEntries(known) as Prefs;
}

/** This browser among others of the same user, for as long as it keeps its storage. */
export function deviceID(fresh: () => string): string {
  const name = 'omniverto.device';
  try {
    const id = localStorage.getItem(name) ?? fresh();
    localStorage.setItem(name, id);
    return id;
  } catch {
    return fresh();
  }
}

/** Remembers, for this tab, the link to hand out for a room that was opened here. */
export function keepInvitation(room: string, link: string): void {
  try {
    sessionStorage.setItem(`omniverto.invitation.${room}`, link);
  } catch {
    // Then there is no link to copy.
  }
}

export function keptInvitation(room: string): string {
  try {
    return sessionStorage.getItem(`omniverto.invitation.${room}`) ?? '';
  } catch {
    return '';
  }
}
