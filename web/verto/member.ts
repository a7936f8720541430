// A conference member as a row of the live array describes it.

import { flag, isObject, number, object, parse, text, type JSONObject, type JSONValue } from './json';

export interface MemberVideo {
  muted: boolean;
  /** A picture of this member is on the canvas now. */
  visible: boolean;
  /** False when the member only watches. */
  sends: boolean;
  screenShare: boolean;
  floor: boolean;
  floorLocked: boolean;
  /** Index of the member's cell in the layout, -1 for none. */
  layer: number;
  /** Index of the canvas that shows the member. */
  canvas: number;
  /** Index of the canvas that the member sees. */
  watching: number;
  /** The reservation id that the member holds, empty for none. */
  reservation: string;
}

/** What a member may do; the server decides. */
export type Role = 'moderator' | 'participant' | 'viewer';

export interface Member {
  /** The row's key: the member's call id. */
  key: string;
  id: number;
  name: string;
  number: string;
  codec: string;
  muted: boolean;
  deaf: boolean;
  onHold: boolean;
  talking: boolean;
  floor: boolean;
  /** Undefined with servers that do not say. */
  role: Role | undefined;
  /** When the member raised a hand, in Unix milliseconds; 0 for not at all. */
  hand: number;
  /** Of the member's connection: 1 bad, 2 poor, 3 good; 0 for unknown. */
  quality: number;
  /** The connection is lost, and the member's place is kept for a while. */
  detached: boolean;
  /** Undefined when the member has neither camera nor picture. */
  video: MemberVideo | undefined;
  /** What the member's client gave about itself. */
  variables: JSONObject;
}

/** Reads one row. Columns that are missing or of another type become empty, never an error. */
export function member(key: string, row: JSONValue[]): Member {
  const [id, callerNumber, callerName, codec, status, variables] = row;
  const state = object(typeof status === 'string' ? parse(status) : status);
  const audio = object(state['audio']);
  return {
    key,
    id: number(id, 0),
    name: text(callerName) || text(callerNumber),
    number: text(callerNumber),
    codec: text(codec),
    muted: flag(audio['muted']),
    deaf: flag(audio['deaf']),
    onHold: flag(audio['onHold']),
    talking: flag(audio['talking']),
    floor: flag(audio['floor']),
    role: role(state['role']),
    hand: Math.max(0, number(state['hand'], 0)),
    quality: quality(number(state['quality'], 0)),
    detached: flag(state['detached']),
    video: video(state['video']),
    variables: object(variables),
  };
}

/** Reads a role; undefined if it is none. */
export function role(value: JSONValue | undefined): Role | undefined {
  const name = text(value);
  return name === 'moderator' || name === 'participant' || name === 'viewer' ? name : undefined;
}

function quality(grade: number): number {
  return [1, 2, 3].includes(grade) ? grade : 0;
}

function video(value: JSONValue | undefined): MemberVideo | undefined {
  if (!isObject(value)) return undefined;
  return {
    muted: flag(value['muted']),
    visible: flag(value['visible']),
    sends: text(value['mediaFlow']) !== 'sendOnly',
    screenShare: flag(value['screenShare']),
    floor: flag(value['floor']),
    floorLocked: flag(value['floorLocked']),
    layer: number(value['videoLayerID'], -1),
    canvas: number(value['canvasID'], 0),
    watching: number(value['watchingCanvasID'], 0),
    reservation: text(value['reservationID']),
  };
}
