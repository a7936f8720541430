// The mirror of a server-side table of rows, kept in step by serial numbers.

import { array, number, object, text, type JSONObject, type JSONValue } from './json';

/** What a mirror tells its owner. Rows are the wire's own; key is the hash key, a call id in a conference. */
export interface LiveArrayEvents {
  /** All rows are new: after a bootstrap or a clear. */
  reset(): void;
  added(key: string, row: JSONValue[]): void;
  modified(key: string, row: JSONValue[]): void;
  deleted(key: string, row: JSONValue[]): void;
  /** A serial is missing: the owner asks the server for a bootstrap. */
  resync(): void;
}

/**
 * LiveArray holds the rows of one table in the server's order. Serials are per table and must come without a gap; when
 * one is missing, the rows are held until a bootstrap has come, which is asked for once. What follows the bootstrap
 * starts a new count, whatever its serial.
 */
export class LiveArray {
  private rows: Array<[key: string, row: JSONValue[]]> = [];
  private serial = 0; // the last one taken; 0 takes any
  private waiting = true; // for a bootstrap
  private booted = false;

  constructor(
    private readonly name: string,
    private readonly events: LiveArrayEvents,
  ) {}

  /** The rows in order. The array is the caller's own; the rows are shared and not to be changed. */
  entries(): Array<[key: string, row: JSONValue[]]> {
    return [...this.rows];
  }

  /** The rows are not the server's: no bootstrap has come yet, or one is missing since a gap. */
  get stale(): boolean {
    return this.waiting;
  }

  get(key: string): JSONValue[] | undefined {
    return this.rows.find(([other]) => other === key)?.[1];
  }

  /** Takes the member `data` of one event on the table's channel. */
  receive(data: JSONObject): void {
    const action = text(data['action']);
    // hide and show come without a name; everything else names the table, and others may share the channel.
    if (data['name'] !== undefined && data['name'] !== this.name) return;
    if (action === 'bootObj') {
      this.boot(array(data['data']));
    } else if (action === 'clear') {
      this.clear();
    } else if (this.inOrder(number(data['wireSerno'], -1))) {
      this.apply(action, data);
    }
  }

  /**
   * Servers clear before they send a bootstrap again, and without one when the table ends. While a bootstrap is on its
   * way the old rows stay, so that nothing flickers; otherwise the table is empty until one comes.
   */
  private clear(): void {
    this.serial = 0;
    if (this.waiting && this.booted) return;
    this.rows = [];
    this.waiting = true;
    this.booted = false;
    this.events.reset();
  }

  private boot(entries: JSONValue[]): void {
    this.rows = [];
    for (const entry of entries) {
      const [key, row] = array(entry);
      if (typeof key === 'string' && Array.isArray(row)) this.rows.push([key, row]);
    }
    this.waiting = false;
    this.booted = true;
    this.events.reset();
  }

  private inOrder(serial: number): boolean {
    if (serial < 0) return true;
    if (this.waiting && this.booted) return false;
    if (this.serial > 0 && serial !== this.serial + 1) {
      this.waiting = true;
      this.serial = 0;
      this.events.resync();
      return false;
    }
    this.serial = serial;
    return true;
  }

  private apply(action: string, data: JSONObject): void {
    const key = text(data['hashKey']);
    const row = array(data['data']);
    if (action === 'add' && key !== '') this.add(key, row, number(data['arrIndex'], this.rows.length));
    else if (action === 'modify' && key !== '') this.modify(key, row);
    else if (action === 'del' && key !== '') this.remove(key);
    else if (action === 'reorder') this.reorder(array(object(data)['order']));
  }

  private add(key: string, row: JSONValue[], index: number): void {
    if (this.get(key)) {
      this.modify(key, row);
      return;
    }
    // The server's index counts deleted rows too, so it may lie beyond the end: then the row is the last.
    this.rows.splice(Math.max(0, Math.min(index, this.rows.length)), 0, [key, row]);
    this.events.added(key, row);
  }

  private modify(key: string, row: JSONValue[]): void {
    const entry = this.rows.find(([other]) => other === key);
    if (!entry) return;
    entry[1] = row;
    this.events.modified(key, row);
  }

  private remove(key: string): void {
    const index = this.rows.findIndex(([other]) => other === key);
    const [entry] = index < 0 ? [] : this.rows.splice(index, 1);
    if (entry) this.events.deleted(key, entry[1]);
  }

  private reorder(order: JSONValue[]): void {
    const place = new Map(order.map((key, index) => [key, index]));
    const last = order.length;
    this.rows.sort(([a], [b]) => (place.get(a) ?? last) - (place.get(b) ?? last));
    this.events.reset();
  }
}
