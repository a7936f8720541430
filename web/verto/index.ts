// Verto, typed: sessions, calls and conferences over a WebSocket, without a browser's document.

export { Call, type CallEvents, type CallState } from './call';
export { Cause, type CallEnd } from './cause';
export {
  Conference,
  joinInfo,
  partedCall,
  type Cell,
  type ChatMessage,
  type ConferenceEvents,
  type JoinInfo,
  type Layout,
} from './conference';
export { Emitter, type Unlisten } from './emitter';
export type { JSONObject, JSONValue } from './json';
export { LiveArray, type LiveArrayEvents } from './livearray';
export { member, type Member, type MemberVideo } from './member';
export type { Peer, PeerEvents, PeerFactory, Platform, Socket, SocketEvents } from './platform';
export { ErrorCode, type CallOptions, type Credentials, type LoginResult } from './protocol';
export { RPCError } from './rpc';
export { withStereo } from './sdp';
export { isBadLogin, Session, type SessionEvents, type SessionOptions, type SessionState } from './session';
