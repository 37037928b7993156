import type { Step } from './step.ts';

/**
 * Which pass of its task a step belongs to: segments joined by dots, outermost first. `3` is the fourth round of a loop,
 * `r1` the first retry of a try, `v2` the second pass of a scope after a jump back. Empty outside of all of these.
 *
 * A loop has a segment in every round, but what is done for the first time has none. So that a segment says whose it
 * is, the depth stands before it where the scope lies within another: `2r1` is the first retry of a try that another
 * task holds. Without that, the retry of an inner try could not be told from the inner try of a retry.
 */
export type Place = Pick<Step, 'path' | 'iteration'>;

export function inRound(frame: string, round: number): string {
  return append(frame, String(round));
}

export function inRetry(frame: Place, attempt: number): string {
  return attempt === 0 ? frame.iteration : append(frame.iteration, `${depthMark(frame.path)}r${attempt}`);
}

/** The pass after that of `current`, in a scope whose first pass is `base`; and its number, from 2. */
export function nextVisit(base: string, current: Place): { iteration: string; visit: number } {
  const before = current.iteration === base ? 1 : Number(/\d+$/.exec(current.iteration)?.[0] ?? 1);
  const visit = before + 1;
  return { iteration: append(base, `${depthMark(current.path)}v${visit}`), visit };
}

/** The round of the loop `frame` that a step in it belongs to. */
export function roundWithin(frame: Place, iteration: string): number {
  return Number(segmentWithin(frame.iteration, iteration));
}

/** The attempt of the try `frame` that a step in it belongs to; 0 is the first. */
export function attemptWithin(frame: Place, iteration: string): number {
  const [mark, attempt] = segmentWithin(frame.iteration, iteration).split('r');
  return mark === depthMark(frame.path) && attempt !== undefined ? Number(attempt) : 0;
}

function segmentWithin(frame: string, iteration: string): string {
  if (iteration === frame) return '';
  return (frame === '' ? iteration : iteration.slice(frame.length + 1)).split('.')[0] ?? '';
}

/** Nothing at the top; else in how many lists of tasks the task lies, told by its pointer: `/do/0/a/catch/do/1/b` is 2. */
function depthMark(path: string): string {
  const keys = path.split('/').slice(1);
  let depth = 0;
  for (let at = 0; at < keys.length; depth++) at += keys[at] === 'catch' || keys[at] === 'fork' ? 4 : 3;
  return depth <= 1 ? '' : String(depth);
}

function append(base: string, segment: string): string {
  return base === '' ? segment : `${base}.${segment}`;
}
