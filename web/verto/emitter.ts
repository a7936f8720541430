// A typed set of listeners per event name.

/** Takes the listener away again; calling it twice is harmless. */
export type Unlisten = () => void;

/**
 * Emitter delivers events of the map E to its listeners, in the order in which they were added. A listener may add or
 * remove listeners; that takes effect from the next event on.
 */
export class Emitter<E extends object> {
  private readonly listeners = new Map<keyof E, Array<(event: never) => void>>();

  on<K extends keyof E>(name: K, listener: (event: E[K]) => void): Unlisten {
    const all = this.listeners.get(name) ?? [];
    this.listeners.set(name, [...all, listener]);
    return () => {
      const rest = (this.listeners.get(name) ?? []).filter((other) => other !== listener);
      this.listeners.set(name, rest);
    };
  }

  emit<K extends keyof E>(name: K, event: E[K]): void {
    for (const listener of this.listeners.get(name) ?? []) {
      (listener as (event: E[K]) => void)(event);
    }
  }

  /** Forgets all listeners. */
  clear(): void {
    this.listeners.clear();
  }
}
