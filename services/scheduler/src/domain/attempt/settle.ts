import type { Instant } from '@suanli/kernel';
import { reason } from '../job/reason.ts';
import { isEnded, type Live, type Task } from '../workload/attempt.ts';
import { advance, type StopCause, type Workload } from '../workload/workload.ts';
import { endTask } from './fold-report.ts';
import { decideOutcome, decideStop, type Outcome } from './outcome.ts';
import { takeUsage, type UsageWindow } from './usage.ts';

export type AttemptPolicy = {
  /** A running task is charged in windows of at least this run time. */
  usageWindowMs: number;
  /** Wait before a lost workload is tried again; doubles with each loss. */
  requeueBackoffMs: number;
  maxRequeueBackoffMs: number;
};

/** What became of a live workload, to be written in one transaction. */
export type Change = { before: Live; after: Live; usage: UsageWindow[]; isAttemptOver: boolean };

/** Draws the consequences of what the tasks have become: start, stop the rest, end, requeue; and what to charge. */
export function settle(before: Live, folded: Live, now: Instant, policy: AttemptPolicy): Change {
  const isAttemptOver = folded.tasks.every(isEnded);
  const moved = isAttemptOver ? endAttempt(folded, now, policy) : moveOn(folded, now);
  const { live, usage } = takeUsage(withVersion(before, moved), policy.usageWindowMs, isAttemptOver);
  return { before, after: live, usage, isAttemptOver };
}

/** Whoever watches the job wants to see its tasks move too. */
function withVersion(before: Live, live: Live): Live {
  const hasMoved = live.tasks.some((task, at) => task.phase !== before.tasks[at]?.phase);
  if (!hasMoved || live.workload.version !== before.workload.version) return live;
  return { ...live, workload: { ...live.workload, version: live.workload.version + 1n } };
}

/** Asks the tasks of a live workload to stop. Nothing when it is stopping already: the first cause stands. */
export function stopLive(live: Live, stop: { cause: StopCause; reason: Workload['reason'] }, now: Instant): Live {
  if (live.workload.phase === 'stopping') return live;
  return {
    ...live,
    workload: { ...advance(live.workload, 'stop', stop.reason, now), stopCause: stop.cause },
    attempt: { ...live.attempt, phase: 'stopping', reason: stop.reason },
  };
}

/**
 * Ends every task that is not ended as lost: its agent was silent for longer than its lease, so nothing runs any more.
 * `lastSyncAt` is the last moment that anybody can vouch for; what a late report adds to it is never charged.
 */
export function fence(live: Live, lastSyncAt: Instant, now: Instant): Live {
  const tasks = live.tasks.map((task) => (isEnded(task) ? task : endTask(task, 'lost', now)));
  return { ...live, tasks, attempt: { ...live.attempt, fencedAt: lastSyncAt } };
}

function moveOn(live: Live, now: Instant): Live {
  const stop = decideStop(live);
  const started = startIfRunning(live, now);
  return stop === undefined ? started : stopLive(started, stop, now);
}

function startIfRunning(live: Live, now: Instant): Live {
  const startedAt = earliest(live.tasks.map((task) => task.startedAt));
  if (startedAt === undefined) return live;
  if (live.workload.phase !== 'starting') return live;
  const workload = advance(live.workload, 'start', reason('started'), now);
  return {
    ...live,
    workload: { ...workload, startedAt: workload.startedAt ?? startedAt },
    attempt: { ...live.attempt, phase: 'running', startedAt },
  };
}

function endAttempt(live: Live, now: Instant, policy: AttemptPolicy): Live {
  const outcome = decideOutcome(live);
  const startedAt = live.attempt.startedAt ?? earliest(live.tasks.map((task) => task.startedAt));
  const { jobKey: _dies, ...attempt } = live.attempt;
  const ended: Live['attempt'] = {
    ...attempt,
    phase: outcome.kind,
    reason: outcome.reason,
    finishedAt: Math.max(...live.tasks.map((task: Task) => task.finishedAt ?? now)),
    ...(startedAt !== undefined && { startedAt }),
  };
  const workload = withStart(live.workload, startedAt);
  return { tasks: live.tasks, attempt: ended, workload: endWorkload(workload, ended, outcome, now, policy) };
}

function withStart(workload: Workload, startedAt: Instant | undefined): Workload {
  return workload.startedAt === undefined && startedAt !== undefined ? { ...workload, startedAt } : workload;
}

function endWorkload(
  workload: Workload,
  attempt: Live['attempt'],
  outcome: Outcome,
  now: Instant,
  policy: AttemptPolicy,
): Workload {
  switch (outcome.kind) {
    case 'succeeded':
      return { ...advance(workload, 'succeed', outcome.reason, now), exitCode: 0 };
    case 'failed': {
      const code = outcome.exitCode === undefined ? {} : { exitCode: outcome.exitCode };
      return { ...advance(workload, 'fail', outcome.reason, now), ...code };
    }
    case 'cancelled':
      return advance(workload, 'cancel', outcome.reason, now);
    case 'lost': {
      // What was lost before it began is not started *again*: it uses up no requeue.
      const used = attempt.startedAt === undefined ? 0 : 1;
      return workload.requeues + used <= workload.spec.maxRequeues
        ? requeue(workload, { used, lostEpoch: attempt.epoch }, now, policy)
        : advance(workload, 'fail', outcome.reason, now);
    }
  }
}

function requeue(
  workload: Workload,
  { used, lostEpoch }: { used: number; lostEpoch: number },
  now: Instant,
  policy: AttemptPolicy,
): Workload {
  const why = reason('requeued', { lost_epoch: String(lostEpoch) });
  const { stopCause: _over, ...next } = advance(workload, 'requeue', why, now);
  const waitMs = Math.min(policy.requeueBackoffMs * 2 ** workload.requeues, policy.maxRequeueBackoffMs);
  return { ...next, requeues: workload.requeues + used, eligibleAt: now + waitMs };
}

function earliest(times: readonly (Instant | undefined)[]): Instant | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
