// The browser's side of what the protocol library asks for.

import type { Platform, Socket, SocketEvents } from '../verto';

export const browserPlatform: Platform = {
  connect(url: string, events: SocketEvents): Socket {
    const socket = new WebSocket(url);
    socket.onopen = () => events.opened();
    socket.onclose = (event) => events.closed(event.code, event.reason);
    socket.onmessage = (event: MessageEvent<unknown>) => {
      if (typeof event.data === 'string') events.message(event.data);
    };
    return {
      send: (data) => {
        if (socket.readyState === WebSocket.OPEN) socket.send(data);
      },
      close: () => socket.close(),
    };
  },

  after(ms: number, run: () => void): () => void {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },

  uuid,
  random: Math.random,
};

/** crypto.randomUUID exists on secure pages only; the page may be opened before that is put right. */
function uuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
