// The people of a meeting as lists show them.

import type { Member, Offer } from '../../verto';
import { strings } from '../strings';
import { plainName } from './links';

export function displayName(member: Member): string {
  return plainName(member.name) || strings.members.unknown;
}

/** Raised hands first, the longest raised one first of all; the others stay as they are. */
export function handsFirst(members: readonly Member[]): Member[] {
  const up = members.filter(({ hand }) => hand > 0).sort((a, b) => a.hand - b.hand);
  return [...up, ...members.filter(({ hand }) => hand === 0)];
}

/** The names of those whose hand went up from one list to the next; who was not there before does not count. */
export function newlyRaised(before: readonly Member[], now: readonly Member[], own: number | undefined): string[] {
  const hands = new Map(before.map(({ id, hand }) => [id, hand]));
  return now.filter(({ id, hand }) => hand > 0 && hands.get(id) === 0 && id !== own).map(displayName);
}

/** Somebody who calls; what is not known is empty. */
export interface Caller {
  name: string;
  number: string;
}

/** Who calls; a number of zeros stands for none. */
export function caller({ name, number }: Offer): Caller {
  return { name: plainName(name), number: /^0*$/.test(number) ? '' : plainName(number) };
}
