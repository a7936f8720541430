// The words of the wire: methods, error codes, parameters.

import type { JSONObject } from './json';

/** Methods that a client calls. */
export const Method = {
  login: 'login',
  invite: 'verto.invite',
  bye: 'verto.bye',
  modify: 'verto.modify',
  attach: 'verto.attach',
  info: 'verto.info',
  ping: 'verto.ping',
  subscribe: 'verto.subscribe',
  unsubscribe: 'verto.unsubscribe',
  broadcast: 'verto.broadcast',
} as const;

/** Methods that the server calls. */
export const ServerMethod = {
  answer: 'verto.answer',
  attach: 'verto.attach',
  bye: 'verto.bye',
  clientReady: 'verto.clientReady',
  display: 'verto.display',
  event: 'verto.event',
  info: 'verto.info',
  invite: 'verto.invite',
  media: 'verto.media',
  punt: 'verto.punt',
} as const;

export const ErrorCode = {
  authenticationRequired: -32000,
  authenticationFailed: -32001,
  call: -32002,
  invalidMessage: -32600,
  unknownMethod: -32601,
  permissionDenied: -32602,
} as const;

/** Who logs in: a directory user with password, or any user name with a token as the password. */
export interface Credentials {
  login: string;
  passwd: string;
}

/** The result of a login. */
export interface LoginResult {
  sessid: string;
  /** End of the login in Unix seconds, if it has one. */
  expires?: number;
  moderator: boolean;
  stereoAudio: boolean;
}

/** What an invite says about the call; sent again in short form with every message about it. */
export interface CallOptions {
  destination: string;
  callerName: string;
  callerNumber?: string;
  useVideo?: boolean;
  useStereo?: boolean;
  /** Bandwidths in kbit/s that this client asks the server to stay below. */
  incomingBandwidth?: number;
  outgoingBandwidth?: number;
  /** Shown to others in the member's row. */
  userVariables?: JSONObject;
}

/** dialogParams of an invite. */
export function dialogParams(callID: string, options: CallOptions): JSONObject {
  return {
    callID,
    destination_number: options.destination,
    caller_id_name: options.callerName,
    caller_id_number: options.callerNumber ?? '',
    remote_caller_id_name: 'Outbound Call',
    remote_caller_id_number: options.destination,
    useVideo: options.useVideo ?? true,
    useStereo: options.useStereo ?? false,
    screenShare: false,
    incomingBandwidth: options.incomingBandwidth ?? 'default',
    outgoingBandwidth: options.outgoingBandwidth ?? 'default',
    userVariables: options.userVariables ?? {},
  };
}
