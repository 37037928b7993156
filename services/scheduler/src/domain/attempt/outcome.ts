import { type EndingCode, ENDING_CODES, reason, type Reason } from '../job/reason.ts';
import { isEnded, type Live, type Task } from '../workload/attempt.ts';
import type { StopCause } from '../workload/workload.ts';

/** How an attempt whose tasks have all ended is to be taken. */
export type Outcome =
  | { kind: 'succeeded'; reason: Reason }
  | { kind: 'failed'; reason: Reason; exitCode?: number }
  | { kind: 'cancelled'; reason: Reason }
  | { kind: 'lost'; reason: Reason };

/** What stopped first decides: a cancelled gang is cancelled even when a task fails while it is being stopped. */
export function decideOutcome({ workload, tasks }: Live): Outcome {
  if (workload.stopCause === 'cancelled') return { kind: 'cancelled', reason: reason('cancelled') };
  const { stopCause } = workload;
  if (stopCause === 'funds_exhausted' || stopCause === 'account_suspended' || stopCause === 'max_run_time') {
    return { kind: 'failed', reason: reason(stopCause) };
  }
  const lost = tasks.find((task) => task.phase === 'lost');
  const failed = tasks.find((task) => task.phase === 'failed');
  // A task that failed by itself would fail again: it outweighs one that was lost.
  if (failed !== undefined) return failedBy(failed);
  if (lost !== undefined) return { kind: 'lost', reason: reason('agent_lost', { task: String(lost.index) }) };
  const stopped = tasks.find((task) => task.phase === 'stopped');
  if (stopped !== undefined) return failedBy(stopped);
  return { kind: 'succeeded', reason: reason('completed') };
}

/** Why the tasks that are left must stop, when one of them has ended in a way that ends all; undefined otherwise. */
export function decideStop({ workload, tasks }: Live): { cause: StopCause; reason: Reason } | undefined {
  if (workload.stopCause !== undefined) return undefined;
  const ended = tasks.filter(isEnded);
  const stopped = ended.find((task) => task.phase === 'stopped');
  if (stopped?.endCause === 'max_run_time' || stopped?.endCause === 'funds_exhausted') {
    return { cause: stopped.endCause, reason: reason(stopped.endCause) };
  }
  const failed = ended.find((task) => task.phase === 'failed' || task.phase === 'stopped');
  if (failed !== undefined) return { cause: 'task_failed', reason: failedBy(failed).reason };
  const lost = ended.find((task) => task.phase === 'lost');
  return lost && { cause: 'task_lost', reason: reason('agent_lost', { task: String(lost.index) }) };
}

function failedBy(task: Task): Outcome & { kind: 'failed' } {
  const details = {
    task: String(task.index),
    ...(task.exitCode !== undefined && { exit_code: String(task.exitCode) }),
    ...(task.signal !== undefined && { signal: task.signal }),
    ...(task.message !== undefined && { message: task.message }),
  };
  return {
    kind: 'failed',
    reason: reason(endingCode(task), details),
    ...(task.exitCode !== undefined && { exitCode: task.exitCode }),
  };
}

function endingCode(task: Task): EndingCode {
  const known = ENDING_CODES.find((code) => code === task.endCause);
  return known ?? (task.startedAt === undefined ? 'start_failed' : 'task_failed');
}
