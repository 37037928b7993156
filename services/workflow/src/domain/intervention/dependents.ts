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

type Place = Pick<Step, 'path' | 'iteration'>;

/** Whether `inner` lies in the tasks of `frame`. */
export function isUnder(inner: Place, frame: Place): boolean {
  const isSamePass =
    frame.iteration === '' || inner.iteration === frame.iteration || inner.iteration.startsWith(`${frame.iteration}.`);
  return isSamePass && inner.path.startsWith(`${frame.path}/`);
}

/** The frames around a step that are in force, outermost first. */
export function framesAround<H extends StepHead>(step: Place, heads: readonly H[]): H[] {
  return heads
    .filter((head) => head.isFrame && head.status !== 'superseded' && isUnder(step, head))
    .sort((a, b) => a.path.length - b.path.length);
}

/**
 * The steps that a new revision of `step` makes void: all that follow it in control flow, and with `redo` those inside
 * of it. Branches that run beside it are not touched. Exact readers are not looked for: data flows through every step.
 */
export function dependentsOf<H extends StepHead>(step: StepHead, heads: readonly H[], mode: 'keep' | 'redo'): H[] {
  const forks = framesAround(step, heads).filter((frame) => frame.kind === 'fork');
  return heads.filter((head) => {
    if (head.id === step.id || head.status === 'superseded' || isUnder(step, head)) return false;
    if (isUnder(head, step)) return mode === 'redo';
    return head.ordinal > step.ordinal && !forks.some((fork) => isInOtherBranch(head, step, fork));
  });
}

function isInOtherBranch(head: Place, step: Place, fork: Place): boolean {
  if (!isUnder(head, fork)) return false;
  const [, , place] = step.path.slice(fork.path.length + 1).split('/');
  const branch = `${fork.path}/fork/branches/${place}/`;
  return !head.path.startsWith(branch);
}

/** The effect whose result a person looks at in a human.review: the last one before it. */
export function judgedEffect<H extends StepHead>(review: StepHead, heads: readonly H[]): H | undefined {
  const forks = framesAround(review, heads).filter((frame) => frame.kind === 'fork');
  return heads
    .filter((head) => head.kind === 'call' && head.function !== 'human.review' && head.status === 'completed')
    .filter((head) => head.ordinal < review.ordinal && !forks.some((fork) => isInOtherBranch(head, review, fork)))
    .sort((a, b) => b.ordinal - a.ordinal)[0];
}
