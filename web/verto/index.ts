// Verto, typed: sessions, calls and conferences over a WebSocket, without a browser's document.

export { Call, type CallEvents, type CallState } from './call';
export { Cause, type CallEnd } from './cause';
export type { ChatMessage } from './chat';
export { command, Commands, type Command, type CommandsOptions, type Part, type Reply } from './commands';
export {
  Conference,
  joinInfo,
  partedCall,
  type Cell,
  type ConferenceEvents,
  type JoinInfo,
  type Layout,
} from './conference';
export { Emitter, type Unlisten } from './emitter';
export {
  CanvasGeometry,
  geometry,
  personalCanvas,
  type CanvasGeometryOptions,
  type Geometry,
  type GeometryLayer,
} from './geometry';
export type { JSONObject, JSONValue } from './json';
export { groupLayout, layoutList, type LayoutChoice, type LayoutGroup, type LayoutImage, type LayoutList } from './layouts';
export { LiveArray, type LiveArrayEvents } from './livearray';
export { member, type Member, type MemberVideo, type Role } from './member';
export type { Peer, PeerEvents, PeerFactory, Platform, Socket, SocketEvents } from './platform';
export { ErrorCode, type CallOptions, type Credentials, type LoginResult, type Offer } from './protocol';
export { RPCError } from './rpc';
export { waiting, type Reaction, type RoomInfo, type Visitor, type Waiting } from './running';
export { withStereo } from './sdp';
export { isBadLogin, Session, type SessionEvents, type SessionOptions, type SessionState } from './session';
