// Why a meeting is over, in words that say what to do next.

import { Cause, isBadLogin, type CallEnd, type RPCError } from '../../verto';
import { strings } from '../strings';

type Words = keyof Omit<typeof strings.ended, 'detail' | 'rejoin' | 'tryAgain' | 'takeOver' | 'home'>;

/** Where a call was when it ended: the same cause means another thing. */
export type Stage = 'coming' | 'pin' | 'admission' | 'inside';

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
  const hopeless: Words[] = ['badToken', 'notAllowed', 'expired', 'noRoom', 'incompatible', 'banned'];
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

/** What a cause means to somebody who is not yet inside. */
const atTheDoor: Record<Exclude<Stage, 'inside'>, Record<number, Words>> = {
  coming: { [Cause.normal]: 'locked' },
  pin: { [Cause.rejected]: 'wrongPIN' },
  admission: { [Cause.rejected]: 'denied', [Cause.normal]: 'denied' },
};

/** Somebody who is inside and rejected was banned. */
const inside: Record<number, Words> = { [Cause.rejected]: 'banned' };

export function callEnding(end: CallEnd, stage: Stage): Ending {
  if (end.by === 'local') return ending('left');
  const detail = strings.ended.detail(end.name, end.code);
  const special = stage === 'inside' ? inside : atTheDoor[stage];
  const reason = special[end.code] ?? byCause[end.code] ?? 'other';
  return ending(reason, detailed.has(reason) ? detail : '');
}

/** Endings that somebody may have to look into. */
const detailed = new Set<Words>(['failed', 'incompatible', 'noRoom', 'noMedia', 'notAllowed', 'expired', 'full', 'other']);

export function loginEnding(error: RPCError, withToken: boolean): Ending {
  if (!isBadLogin(error)) return ending('refused', strings.ended.detail(error.message, error.code));
  return ending(withToken ? 'badToken' : 'badLogin');
}
