// JSON as it comes off the wire: nothing is believed before it is narrowed.

export type JSONValue = string | number | boolean | null | JSONValue[] | JSONObject;

/** A JSON object; a member that is undefined is left out on the wire. */
export type JSONObject = { [key: string]: JSONValue | undefined };

export function isObject(value: JSONValue | undefined): value is JSONObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object, or an empty one if value is none. */
export function object(value: JSONValue | undefined): JSONObject {
  return isObject(value) ? value : {};
}

/** The array, or an empty one if value is none. */
export function array(value: JSONValue | undefined): JSONValue[] {
  return Array.isArray(value) ? value : [];
}

/** The text, or fallback if value is none. */
export function text(value: JSONValue | undefined, fallback = ''): string {
  return typeof value === 'string' ? value : fallback;
}

/** The number, read from text too (member ids and causes come as both), or fallback. */
export function number(value: JSONValue | undefined, fallback: number): number {
  const n = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof n === 'number' && Number.isFinite(n) ? n : fallback;
}

/** Only JSON's own true counts: a string "true" does not. */
export function flag(value: JSONValue | undefined): boolean {
  return value === true;
}

/** The parsed text, or undefined if it is not JSON. */
export function parse(source: string): JSONValue | undefined {
  try {
    return JSON.parse(source) as JSONValue;
  } catch {
    return undefined;
  }
}
