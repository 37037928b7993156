import type { Instant } from '@suanli/kernel';
import { type DesiredTask, isAlive, type LocalTask, type StopCause, type TaskKey } from './task.ts';

/** What to do next with one task. `kill` is SIGKILL; `stop` is SIGTERM, with SIGKILL after the grace period. */
export type Action =
  | { kind: 'start'; task: DesiredTask }
  | { kind: 'fund'; key: TaskKey; fundedUntil: Instant }
  | { kind: 'stop'; key: TaskKey; cause: StopCause }
  | { kind: 'kill'; key: TaskKey; cause: StopCause }
  | { kind: 'forget'; key: TaskKey };

/**
 * Compares what is here with what the scheduler wants. A task that is not wanted at all belongs to a fenced attempt: it
 * is killed without grace, since its successor may already run elsewhere.
 */
export function reconcile(local: ReadonlyMap<TaskKey, LocalTask>, desired: readonly DesiredTask[]): Action[] {
  const wanted = new Map(desired.map((task) => [task.key, task]));
  const here = [...local.values()].flatMap((task): Action[] => {
    const want = wanted.get(task.key);
    if (want === undefined) {
      return [isAlive(task) ? { kind: 'kill', key: task.key, cause: 'not_wanted' } : { kind: 'forget', key: task.key }];
    }
    if (!isAlive(task)) return [];
    const funding: Action[] =
      want.fundedUntil === task.fundedUntil ? [] : [{ kind: 'fund', key: task.key, fundedUntil: want.fundedUntil }];
    if (want.desired === 'run' || task.stopping !== undefined) return funding;
    return [...funding, { kind: 'stop', key: task.key, cause: want.stopCause }];
  });
  const fresh = desired
    .filter((task) => task.desired === 'run' && !local.has(task.key))
    .map((task): Action => ({ kind: 'start', task }));
  return [...here, ...fresh];
}

export type Lease = {
  /** When the last successful sync was sent. Undefined before the first: nothing runs then. */
  renewedMonoMs: number | undefined;
  leaseMs: number;
  marginMs: number;
};

/**
 * What the agent must do by itself, connected or not: end what has lost its lease, its money or its time, and kill what
 * did not heed SIGTERM. The scheduler fences only after `leaseMs + marginMs`, so a task is dead before its successor
 * starts.
 */
export function enforce(local: Iterable<LocalTask>, lease: Lease, now: { monoMs: number; wall: Instant }): Action[] {
  const silentMs = lease.renewedMonoMs === undefined ? Number.POSITIVE_INFINITY : now.monoMs - lease.renewedMonoMs;
  return [...local].filter(isAlive).flatMap((task): Action[] => {
    const aloneMs = Math.max(lease.leaseMs - lease.marginMs, task.disconnectGraceMs);
    if (silentMs >= aloneMs) return killOnce(task, 'lease_lost');
    if (task.stopping !== undefined) {
      return now.monoMs - task.stopping.sinceMonoMs >= task.graceMs ? killOnce(task, task.stopping.cause) : [];
    }
    if (now.wall >= task.fundedUntil) return [{ kind: 'stop', key: task.key, cause: 'funds_exhausted' }];
    const ranMs = task.startedMonoMs === undefined ? 0 : now.monoMs - task.startedMonoMs;
    return ranMs >= task.maxRunMs ? [{ kind: 'stop', key: task.key, cause: 'max_run_time' }] : [];
  });
}

function killOnce(task: LocalTask, cause: StopCause): Action[] {
  return task.stopping?.isKilled ? [] : [{ kind: 'kill', key: task.key, cause }];
}
