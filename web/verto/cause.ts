// Why a call ended. Numbers and names as the wire has them.

import { number, text, type JSONObject } from './json';

export const Cause = {
  noRoute: 3,
  normal: 16,
  busy: 17,
  noAnswer: 19,
  rejected: 21,
  outOfOrder: 27,
  temporaryFailure: 41,
  notAuthorised: 57,
  notAvailable: 58,
  incompatible: 88,
  invalidMessage: 95,
  timerExpired: 102,
  originatorCancel: 487,
  loseRace: 702,
  managerRequest: 703,
  allottedTimeout: 802,
  mediaTimeout: 804,
} as const;

/** One end of a call. */
export interface CallEnd {
  /** Who ended it: the user here, the server, or neither because media or signalling failed. */
  by: 'local' | 'remote' | 'failure';
  code: number;
  /** The name on the wire, NORMAL_CLEARING say; of a failure it is the error's own text. */
  name: string;
}

/** Reads the end out of a verto.bye or of an error object; without a cause it is fallback. */
export function remoteEnd(params: JSONObject, fallback: number = Cause.normal): CallEnd {
  return {
    by: 'remote',
    code: number(params['causeCode'], fallback),
    name: text(params['cause'], text(params['message'])),
  };
}
