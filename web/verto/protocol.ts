// The words of the wire: methods, error codes, parameters.

import { text, type JSONObject } from './json';

/** Methods that a client calls. */
export const Method = {
  login: 'login',
  invite: 'verto.invite',
  answer: 'verto.answer',
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
  /** Opens a room that asks for one. */
  pin?: string;
  /** Tells this browser from others of the same user. */
  deviceID?: string;
}

/** What the server offers out of itself: a call for this user, or one of his that it has kept, to be taken up again. */
export interface Offer {
  kind: 'invite' | 'attach';
  callID: string;
  sdp: string;
  /** The other side; empty if the server does not say. */
  name: string;
  number: string;
}

/** Reads the parameters of a server's verto.invite or verto.attach. */
export function offer(kind: Offer['kind'], params: JSONObject): Offer {
  // When the server calls, the caller is the other side; else it is whom this client has called.
  const side = text(params['display_direction']) === 'outbound' || kind === 'invite' ? 'caller' : 'callee';
  return {
    kind,
    callID: text(params['callID']),
    sdp: text(params['sdp']),
    name: text(params[`${side}_id_name`]),
    number: text(params[`${side}_id_number`]),
  };
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
    ...(options.pin ? { pin: options.pin } : {}),
    ...(options.deviceID ? { deviceID: options.deviceID } : {}),
  };
}
