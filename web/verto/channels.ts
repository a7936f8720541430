// Event channels: who listens to which, and what of it the server has granted.

import { array, text, type JSONObject } from './json';
import { Method } from './protocol';

/** Takes the whole parameters of one verto.event. */
export type ChannelHandler = (params: JSONObject) => void;

type Request = (method: string, params: JSONObject) => Promise<JSONObject>;

/**
 * Channels keeps one handler per channel. Subscriptions belong to a connection: after clear() none is left, and whoever
 * needs one subscribes again.
 */
export class Channels {
  private readonly handlers = new Map<string, ChannelHandler>();

  constructor(private readonly request: Request) {}

  /** Subscribes one channel; false if the server refused it. A later handler for the same channel takes its place. */
  async subscribe(channel: string, handler: ChannelHandler): Promise<boolean> {
    this.handlers.set(channel, handler);
    try {
      const result = await this.request(Method.subscribe, { eventChannel: channel, subParams: {} });
      const granted = [...array(result['subscribedChannels']), ...array(result['alreadySubscribedChannels'])];
      if (granted.some((name) => text(name) === channel)) return true;
    } catch {
      // Refused, or the connection is gone: either way nothing will come.
    }
    if (this.handlers.get(channel) === handler) this.handlers.delete(channel);
    return false;
  }

  /** Takes the handler away at once and tells the server, whose answer does not matter. */
  async unsubscribe(channel: string): Promise<void> {
    if (!this.handlers.delete(channel)) return;
    await this.request(Method.unsubscribe, { eventChannel: channel }).catch(() => undefined);
  }

  /** Gives an event to the handler of its channel, or of the part before the first dot; false if there is none. */
  dispatch(channel: string, params: JSONObject): boolean {
    const handler = this.handlers.get(channel) ?? this.handlers.get(channel.split('.', 1)[0] ?? '');
    handler?.(params);
    return handler !== undefined;
  }

  /** Forgets everything without a word to the server, whose side ends with the connection. */
  clear(): void {
    this.handlers.clear();
  }
}
