// Chat of a conference: lines to everybody and to one, and those that were before.

import { array, flag, number, object, text, type JSONObject, type JSONValue } from './json';

export interface ChatMessage {
  /** Who wrote it: the name that the server knows, or an address. */
  from: string;
  text: string;
  /** The server's number of the line, 0 with servers that give none. */
  id: number;
  /** When the server got it, in Unix milliseconds; 0 if it does not say. */
  time: number;
  /** The writer's member id, 0 if the server does not say. */
  fromID: number;
  /** The member id of the one who is to read it, 0 for everybody. */
  to: number;
}

/** Reads the member `data` of a chat event; undefined if it holds no line. */
export function chatMessage(value: JSONValue | undefined): ChatMessage | undefined {
  const data = object(value);
  const line = text(data['message']);
  if (line === '') return undefined;
  return {
    from: text(data['fromDisplay']) || text(data['from']),
    text: line,
    id: number(data['id'], 0),
    time: number(data['time'], 0),
    fromID: number(data['fromID'], 0),
    to: flag(data['private']) ? number(data['to'], 0) : 0,
  };
}

/** Reads the answer to a request for what was said before; undefined if it is none. */
export function chatHistory(data: JSONObject): ChatMessage[] | undefined {
  if (text(data['action']) !== 'history' || data['messages'] === undefined) return undefined;
  return array(data['messages']).flatMap((entry) => chatMessage(entry) ?? []);
}

/** A line to everybody, or to the member with the id alone. */
export function chatLine(message: string, to = 0): JSONObject {
  return { action: 'send', message, type: 'message', ...(to > 0 ? { to } : {}) };
}
