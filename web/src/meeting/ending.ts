// Why a meeting is over, in words that say what to do next.

import { Cause, isBadLogin, type CallEnd, type RPCError } from '../../verto';
import { strings } from '../strings';

type Words = keyof Omit<typeof strings.ended, 'detail' | 'rejoin' | 'tryAgain' | 'home'>;

export interface Ending {
  reason: Words;
  heading: string;
  text: string;
  /** What the server said, for whoever has to find out. */
  detail: string;
  /** Joining again may work. */
  again: boolean;
}

export function ending(reason: Words, detail = ''): Ending {
  const [heading, text] = strings.ended[reason];
  const hopeless: Words[] = ['badToken', 'notAllowed', 'expired', 'noRoom', 'incompatible'];
  return { reason, heading, text, detail, again: !hopeless.includes(reason) };
}

const byCause: Record<number, Words> = {
  [Cause.noRoute]: 'noRoom',
  [Cause.normal]: 'removed',
  [Cause.busy]: 'full',
  [Cause.noAnswer]: 'failed',
  [Cause.rejected]: 'notAllowed',
  [Cause.outOfOrder]: 'failed',
  [Cause.temporaryFailure]: 'failed',
  [Cause.notAuthorised]: 'expired',
  [Cause.incompatible]: 'incompatible',
  [Cause.timerExpired]: 'failed',
  [Cause.managerRequest]: 'removed',
  [Cause.allottedTimeout]: 'expired',
  [Cause.mediaTimeout]: 'noMedia',
};

export function callEnding(end: CallEnd): Ending {
  if (end.by === 'local') return ending('left');
  const detail = strings.ended.detail(end.name, end.code);
  const reason = byCause[end.code] ?? 'other';
  return ending(reason, reason === 'removed' ? '' : detail);
}

export function loginEnding(error: RPCError, withToken: boolean): Ending {
  if (!isBadLogin(error)) return ending('refused', strings.ended.detail(error.message, error.code));
  return ending(withToken ? 'badToken' : 'badLogin');
}
