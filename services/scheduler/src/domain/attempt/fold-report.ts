import type { Instant } from '@suanli/kernel';
import { isEnded, type Live, type Task, type TaskPhase } from '../workload/attempt.ts';

/** What an agent says of one task. */
export type TaskReport = {
  workloadId: string;
  epoch: number;
  index: number;
  phase: 'preparing' | 'running' | 'publishing' | 'exited' | 'failed_to_start';
  startedAt?: Instant;
  /** Never falls within one attempt; final once the task has ended. */
  runMs: number;
  exitCode?: number;
  signal: string;
  endCause: string;
  message: string;
  published: Readonly<Record<string, string>>;
};

/** The agent stopped the task by itself, and it is not the task's fault. */
const LOST_CAUSES = ['lease_lost'];
/** The agent stopped it because it was told to, or a bound was reached. */
const STOPPED_CAUSES = ['cancelled', 'max_run_time', 'funds_exhausted'];

/**
 * The tasks after a sync. A task that was seen before and is not reported now is gone (the agent was replaced or lost
 * it); one that was never seen has not begun yet, and when it is being stopped it never will.
 */
export function foldReport(live: Live, reports: readonly TaskReport[], now: Instant): Live {
  const { workload, attempt } = live;
  const isStopping = workload.phase === 'stopping';
  const mine = reports.filter((report) => report.workloadId === workload.id && report.epoch === attempt.epoch);
  const tasks = live.tasks.map((task) => {
    if (isEnded(task)) return task;
    const report = mine.find((candidate) => candidate.index === task.index);
    if (report !== undefined) return foldTask(task, report, isStopping, now);
    if (task.phase !== 'assigned') return endTask(task, 'lost', now);
    return isStopping ? endTask(task, 'stopped', now) : task;
  });
  return { ...live, tasks };
}

/** Ends a task at its last proven millisecond, so that what is shown is what is charged. */
export function endTask(task: Task, phase: TaskPhase, now: Instant): Task {
  return { ...task, phase, finishedAt: task.startedAt === undefined ? now : task.startedAt + task.runMs };
}

function foldTask(task: Task, report: TaskReport, isStopping: boolean, now: Instant): Task {
  const startedAt = task.startedAt ?? report.startedAt;
  const seen: Task = {
    ...task,
    ...(startedAt !== undefined && { startedAt }),
    runMs: startedAt === undefined ? 0 : Math.max(task.runMs, report.runMs),
  };
  if (report.phase !== 'exited' && report.phase !== 'failed_to_start') return { ...seen, phase: report.phase };
  const ended: Task = {
    ...seen,
    ...(report.exitCode !== undefined && { exitCode: report.exitCode }),
    ...(report.signal !== '' && { signal: report.signal }),
    ...(report.endCause !== '' && { endCause: report.endCause }),
    ...(report.message !== '' && { message: report.message }),
    published: report.published,
  };
  return endTask(ended, endPhase(report, isStopping), now);
}

function endPhase(report: TaskReport, isStopping: boolean): TaskPhase {
  if (report.phase === 'exited' && report.exitCode === 0 && report.endCause === '') return 'succeeded';
  if (LOST_CAUSES.includes(report.endCause)) return 'lost';
  // Nobody asked for it: the agent was shut down under the task.
  if (report.endCause === 'cancelled' && !isStopping) return 'lost';
  return STOPPED_CAUSES.includes(report.endCause) ? 'stopped' : 'failed';
}
