// What an invitation says about itself. Nothing here is verified: it only fills in forms and explains; the server decides.

export interface Claims {
  room: string;
  role: string;
  name: string;
  /** End of validity in Unix seconds, 0 for none. */
  expires: number;
}

/** Reads the claims of a JSON web token; undefined if it is none. */
export function claims(token: string): Claims | undefined {
  const part = token.split('.')[1];
  if (part === undefined) return undefined;
  try {
    const bytes = Uint8Array.from(atob(part.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
    const payload: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof payload !== 'object' || payload === null) return undefined;
    const { room, role, name, exp } = payload as Record<string, unknown>;
    const text = (value: unknown): string => (typeof value === 'string' ? value : '');
    return { room: text(room), role: text(role), name: text(name), expires: typeof exp === 'number' ? exp : 0 };
  } catch {
    return undefined;
  }
}
