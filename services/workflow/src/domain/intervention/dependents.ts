import type { Place } from '../run/iteration.ts';
import type { Step } from '../run/step.ts';

/** What is known of a step without its data. */
export type StepHead = Pick<
  Step,
  | 'id'
  | 'path'
  | 'iteration'
  | 'ordinal'
  | 'revision'
  | 'status'
  | 'isFrame'
  | 'kind'
  | 'function'
  | 'humanTaskId'
  | 'isJobEnded'
> & { parentId?: string; isDue: boolean };

/**
 * Tells of any step whether it lies in this pass of `frame`. The first pass may be named like the beginning of a later
 * one: the pass that has more in common with the step is the one around it.
 */
function insideOf(frame: Place, heads: readonly StepHead[]): (inner: Place) => boolean {
  const later = heads.filter(
    ({ path, iteration, status }) =>
      path === frame.path && iteration.length > frame.iteration.length && status !== 'superseded',
  );
  return (inner) => mayHold(frame, inner) && !later.some((other) => mayHold(other, inner));
}

function mayHold(frame: Place, inner: Place): boolean {
  const isSamePass =
    frame.iteration === '' || inner.iteration === frame.iteration || inner.iteration.startsWith(`${frame.iteration}.`);
  return isSamePass && inner.path.startsWith(`${frame.path}/`);
}

/** The frames around a step that are in force, outermost first. */
export function framesAround<H extends StepHead>(step: Place, heads: readonly H[]): H[] {
  return heads
    .filter((head) => head.isFrame && head.status !== 'superseded')
    .filter((head) => mayHold(head, step) && insideOf(head, heads)(step))
    .sort((a, b) => a.path.length - b.path.length);
}

/**
 * The steps that a new revision of `step` makes void: all that follow it in control flow, and with `redo` those inside
 * of it. Branches that run beside it are not touched. Exact readers are not looked for: data flows through every step.
 */
export function dependentsOf<H extends StepHead>(step: StepHead, heads: readonly H[], mode: 'keep' | 'redo'): H[] {
  const frames = framesAround(step, heads);
  const isInStep = insideOf(step, heads);
  const isBeside = inOtherBranches(step, frames, heads);
  return heads.filter((head) => {
    if (head.id === step.id || head.status === 'superseded' || frames.includes(head)) return false;
    if (isInStep(head)) return mode === 'redo';
    return head.ordinal > step.ordinal && !isBeside(head);
  });
}

/** Tells of any step whether it lies in another branch than `step` of one of the forks among `frames`. */
function inOtherBranches(
  step: Place,
  frames: readonly StepHead[],
  heads: readonly StepHead[],
): (head: Place) => boolean {
  const forks = frames
    .filter((frame) => frame.kind === 'fork')
    .map((fork) => {
      const [, , place] = step.path.slice(fork.path.length + 1).split('/');
      return { isInFork: insideOf(fork, heads), branch: `${fork.path}/fork/branches/${place}/` };
    });
  return (head) => forks.some(({ isInFork, branch }) => isInFork(head) && !head.path.startsWith(branch));
}

/** The effect whose result a person looks at in a human.review: the last one before it. */
export function judgedEffect<H extends StepHead>(review: StepHead, heads: readonly H[]): H | undefined {
  const isBeside = inOtherBranches(review, framesAround(review, heads), heads);
  return heads
    .filter((head) => head.kind === 'call' && head.function !== 'human.review' && head.status === 'completed')
    .filter((head) => head.ordinal < review.ordinal && !isBeside(head))
    .sort((a, b) => b.ordinal - a.ordinal)[0];
}
