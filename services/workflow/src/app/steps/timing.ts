/** When things are looked at again. All of them only bound how long a loss goes unseen. */

/** A ready step that nobody claimed is dispatched again after this, then after twice as long, up to the longest. */
export const REDISPATCH_FIRST_MS = 3_000;
export const REDISPATCH_MAX_MS = 60_000;
/** Claims that ended without a word before the step faults: its work kills workers. */
export const MAX_CRASHES = 5;
/** Claims in which nobody could do the effect before the step faults. */
export const MAX_UNAVAILABLE = 30;
export const UNAVAILABLE_FIRST_MS = 500;
export const UNAVAILABLE_MAX_MS = 30_000;
/** Times that a decision is made again because the run has changed meanwhile. */
export const MAX_CONFLICTS = 10;

export function doubling(firstMs: number, maxMs: number, count: number): number {
  return Math.min(maxMs, firstMs * 2 ** Math.min(count, 20));
}
