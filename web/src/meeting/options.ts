// What a meeting is given.

import type { Peer, PeerEvents, Platform } from '../../verto';
import type { Devices } from './switches.svelte';

export interface MeetingOptions {
  platform: Platform;
  socketURL: string;
  sessid: string;
  /** Empty waits to be called. */
  room: string;
  name: string;
  /** A token, or else a user's name and password. */
  token: string;
  user: string;
  password: string;
  media: Devices;
  /** Makes the peer connection of each attempt to join. */
  peer(events: PeerEvents): Peer;
  /** Tells this browser from others. */
  deviceID?: string;
  /** What opened the room before. */
  pin?: string;
  /** This tab was in the meeting a moment ago: there is more patience with a server that is not there. */
  back?: boolean;
}

/** A token is the password of a user name that does not matter. */
export function credentials({ token, user, password }: MeetingOptions): { login: string; passwd: string } {
  return token === '' ? { login: user, passwd: password } : { login: 'guest', passwd: token };
}
