// How a meeting stands, apart from the people in it: is it locked, who waits at the door, who applauds.

import { array, flag, number, object, text, type JSONObject } from './json';

/** The state of the room. */
export interface RoomInfo {
  locked: boolean;
  /** Who comes is asked for a PIN. */
  needsPIN: boolean;
  /** Who comes waits until a moderator lets him in. */
  lobby: boolean;
  /** Nobody is heard before a moderator is there. */
  waitModerator: boolean;
  recording: boolean;
  /** How many wait to be let in. */
  waiting: number;
}

/** Somebody at the door, as moderators see it. */
export interface Visitor {
  id: number;
  name: string;
  /** Unix milliseconds. */
  since: number;
}

export interface Reaction {
  member: number;
  name: string;
  /** One emoji. */
  reaction: string;
}

/** Why a call has been answered and is not in the conference yet. */
export interface Waiting {
  callID: string;
  /** `none`: it waits no more. */
  reason: 'pin' | 'pin-wrong' | 'admission' | 'none';
  /** The room that it waits for. */
  name: string;
}

/** Reads the member `eventData` of an info event: the room's state, or undefined if it says something else. */
export function roomInfo(data: JSONObject): RoomInfo | undefined {
  if (text(data['contentType']) !== 'room-info') return undefined;
  const info = object(data['roomInfo']);
  return {
    locked: flag(info['locked']),
    needsPIN: flag(info['needsPIN']),
    lobby: flag(info['lobby']),
    waitModerator: flag(info['waitModerator']),
    recording: flag(info['recording']),
    waiting: number(info['waiting'], 0),
  };
}

/** Reads the member `eventData` of an info event: a reaction, or undefined if it says something else. */
export function reaction(data: JSONObject): Reaction | undefined {
  if (text(data['contentType']) !== 'reaction' || text(data['reaction']) === '') return undefined;
  return { member: number(data['memberID'], 0), name: text(data['name']), reaction: text(data['reaction']) };
}

/** Reads the member `data` of a moderators' event: who waits, or undefined if it says something else. */
export function lobby(data: JSONObject): Visitor[] | undefined {
  if (text(data['action']) !== 'lobby') return undefined;
  return array(data['waiting'])
    .map(object)
    .map((entry) => ({ id: number(entry['memberID'], 0), name: text(entry['name']), since: number(entry['since'], 0) }))
    .filter(({ id }) => id > 0);
}

/** Reads a private event: that a call has to wait, or undefined if it says something else. */
export function waiting(pvtData: JSONObject): Waiting | undefined {
  if (text(pvtData['action']) !== 'conference-waiting') return undefined;
  const reason = text(pvtData['reason']);
  return {
    callID: text(pvtData['callID']),
    reason: reason === 'pin' || reason === 'pin-wrong' || reason === 'admission' ? reason : 'none',
    name: text(pvtData['laName']),
  };
}
