/**
 * Which pass of its task a step belongs to: segments joined by dots, outermost first. `3` is the fourth round of a loop,
 * `r1` the first retry of a try, `v2` the second pass of a scope after a jump back. Empty outside of all of these.
 */

export function inRound(frame: string, round: number): string {
  return append(frame, String(round));
}

export function inRetry(frame: string, attempt: number): string {
  return attempt === 0 ? frame : append(frame, `r${attempt}`);
}

/** The pass after `current`, in a scope whose first pass is `base`; and its number, from 2. */
export function nextVisit(base: string, current: string): { iteration: string; visit: number } {
  const suffix = current === base ? 'v1' : (current.split('.').at(-1) ?? 'v1');
  const visit = Number(suffix.slice(1)) + 1;
  return { iteration: append(base, `v${visit}`), visit };
}

/** The segment of `iteration` that follows `frame`: which round or retry of the frame this is. */
export function segmentWithin(frame: string, iteration: string): string | undefined {
  if (iteration === frame) return undefined;
  return (frame === '' ? iteration : iteration.slice(frame.length + 1)).split('.')[0];
}

function append(base: string, segment: string): string {
  return base === '' ? segment : `${base}.${segment}`;
}
