// What the server says about itself before anybody logs in.

export interface Config {
  /** The Verto socket as an absolute URL. */
  socketURL: string;
  /** This visitor may open a meeting. */
  newMeeting: boolean;
  /** Appended to a user name that has no domain of its own. */
  domain: string;
  name: string;
  iceServers: RTCIceServer[];
}

type Members = Record<string, unknown>;

/** Reads config.json; whatever is missing or odd has a sensible value. page is the page's own address. */
export function readConfig(data: unknown, page: string): Config {
  const members: Members = typeof data === 'object' && data !== null ? (data as Members) : {};
  const text = (key: string): string => (typeof members[key] === 'string' ? members[key] : '');
  return {
    socketURL: socketURL(text('wsURL'), page),
    newMeeting: members['newMeeting'] === true,
    domain: text('domain'),
    name: text('name'),
    iceServers: iceServers(members['turnServer']),
  };
}

function socketURL(given: string, page: string): string {
  const url = new URL(given || '/verto', page);
  url.protocol = url.protocol === 'https:' || url.protocol === 'wss:' ? 'wss:' : 'ws:';
  url.hash = '';
  return url.href;
}

function iceServers(server: unknown): RTCIceServer[] {
  if (typeof server !== 'object' || server === null || !('urls' in server)) return [];
  const { urls, username, credential } = server as RTCIceServer;
  return [{ urls, ...(username ? { username } : {}), ...(credential ? { credential } : {}) }];
}

export async function loadConfig(): Promise<Config> {
  try {
    const response = await fetch('/config.json', { cache: 'no-store' });
    return readConfig(response.ok ? await response.json() : {}, location.href);
  } catch {
    return readConfig({}, location.href);
  }
}
