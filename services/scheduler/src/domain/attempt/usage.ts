import { meterOf } from '../job/job-spec.ts';
import { isEnded, type Live, type Task } from '../workload/attempt.ts';

/** A stretch of proven run time of one task that billing has not heard of. */
export type UsageWindow = {
  usageId: string;
  taskIndex: number;
  /** In milliseconds of run time. */
  fromMs: number;
  toMs: number;
  meter: string;
  quantity: bigint;
  /** Nothing follows for this attempt. */
  isFinal: boolean;
};

/**
 * Takes what is to be charged now: a full window of a running task, the rest of an ended one. Windows of a task follow
 * each other without gap or overlap, so the sum is its run time however it was sliced.
 */
export function takeUsage(live: Live, windowMs: number, isAttemptOver: boolean): { live: Live; usage: UsageWindow[] } {
  const due = live.tasks.filter((task) => isDue(task, windowMs, isAttemptOver));
  const usage = due.map((task, at) => windowOf(live, task, isAttemptOver && at === due.length - 1));
  const last = usage.at(-1);
  if (last === undefined) return { live, usage };
  const tasks = live.tasks.map((task) => (due.includes(task) ? { ...task, chargedMs: task.runMs } : task));
  return { live: { ...live, tasks, attempt: { ...live.attempt, lastUsageId: last.usageId } }, usage };
}

function isDue(task: Task, windowMs: number, isAttemptOver: boolean): boolean {
  const openMs = task.runMs - task.chargedMs;
  return openMs > 0 && (openMs >= windowMs || isAttemptOver || isEnded(task));
}

function windowOf({ workload, attempt }: Live, task: Task, isFinal: boolean): UsageWindow {
  const { meter, perTask } = meterOf(workload.spec);
  return {
    usageId: `${workload.id}:${attempt.epoch}:${task.index}:${task.chargedMs}-${task.runMs}`,
    taskIndex: task.index,
    fromMs: task.chargedMs,
    toMs: task.runMs,
    meter,
    quantity: BigInt(perTask) * BigInt(task.runMs - task.chargedMs),
    isFinal,
  };
}
