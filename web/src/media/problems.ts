// Why a device cannot be used, in words that help.

import { strings } from '../strings';

export type Kind = 'audio' | 'video';

/** What went wrong, apart from the words. */
export type Problem =
  | 'insecure'
  | 'unsupported'
  | 'denied'
  | 'deniedBySystem'
  | 'dismissed'
  | 'missing'
  | 'busy'
  | 'unplugged'
  | { other: string };

/** Reads the problem out of what getUserMedia threw. The messages are the browsers' own, the names are standard. */
export function problemOf(error: unknown): Problem {
  const name = error instanceof Error || isNamed(error) ? error.name : '';
  const message = error instanceof Error ? error.message : '';
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      if (/system/i.test(message)) return 'deniedBySystem';
      return /dismissed/i.test(message) ? 'dismissed' : 'denied';
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'missing';
    case 'NotReadableError':
    case 'AbortError':
      return 'busy';
    default:
      return { other: message || name || String(error) };
  }
}

function isNamed(value: unknown): value is { name: string } {
  return typeof value === 'object' && value !== null && 'name' in value && typeof value.name === 'string';
}

/** The sentence for the problems of both kinds, the same one only once. */
export function explain(problems: Partial<Record<Kind, Problem>>): string[] {
  const { audio, video } = problems;
  const { mic, camera, both } = strings.problems;
  if (audio && video && JSON.stringify(audio) === JSON.stringify(video)) return [sentence(audio, both)];
  return [...(audio ? [sentence(audio, mic)] : []), ...(video ? [sentence(video, camera)] : [])];
}

function sentence(problem: Problem, what: string): string {
  if (typeof problem === 'object') return strings.problems.other(what, problem.other);
  const words = strings.problems[problem];
  return typeof words === 'string' ? words : words(what);
}

/** Whether trying again may help without a change elsewhere. */
export function mayRetry(problem: Problem | undefined): boolean {
  return problem !== undefined && problem !== 'insecure' && problem !== 'unsupported';
}
