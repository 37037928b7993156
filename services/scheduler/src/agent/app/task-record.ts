import type { Clock, Instant } from '@suanli/kernel';
import type { DesiredTask, LocalTask, StopCause } from '../domain/task.ts';
import type { RunningTask, TaskDirs, TaskExit, TaskReport } from './ports.ts';

/** How long the end of a task waits for its log to reach the scheduler before it is reported all the same. */
export const LOG_FLUSH_MS = 15_000;

/** All that the agent has of one task: the domain's view, and the means to act on it. */
export type TaskRecord = {
  readonly desired: DesiredTask;
  readonly local: LocalTask;
  /** Ends what is being prepared or published. */
  readonly abort: AbortController;
  dirs?: TaskDirs;
  process?: RunningTask;
  startedAt?: Instant;
  exit?: TaskExit;
  exitedMonoMs?: number;
  /** Fixed when the process ends. */
  finalRunMs?: number;
  failure?: { cause: 'start_failed' | 'mount_failed' | 'publish_failed'; message: string };
  published: Record<string, string>;
  /** Bytes of the log that the scheduler has. */
  sentLogBytes: number;
  isLogComplete: boolean;
};

export function newRecord(desired: DesiredTask, sentLogBytes: number): TaskRecord {
  const { key, fundedUntil, spec } = desired;
  const { maxRunMs, graceMs, disconnectGraceMs } = spec;
  return {
    desired,
    local: { key, phase: 'preparing', fundedUntil, maxRunMs, graceMs, disconnectGraceMs },
    abort: new AbortController(),
    published: {},
    sentLogBytes,
    isLogComplete: false,
  };
}

/** What the scheduler is told. Run time is monotonic since the start, so a stepping clock changes no bill. */
export function toReport(record: TaskRecord, clock: Clock): TaskReport {
  const { desired, local, exit } = record;
  const monoMs = clock.monotonicMs();
  const isFlushing =
    local.phase === 'exited' && !record.isLogComplete && monoMs - (record.exitedMonoMs ?? monoMs) < LOG_FLUSH_MS;
  return {
    jobId: desired.jobId,
    epoch: desired.epoch,
    index: desired.index,
    phase: isFlushing ? 'publishing' : local.phase,
    ...(record.startedAt === undefined ? {} : { startedAt: record.startedAt }),
    runMs: record.finalRunMs ?? (local.startedMonoMs === undefined ? 0 : Math.floor(monoMs - local.startedMonoMs)),
    ...(exit === undefined ? {} : { exitCode: exit.exitCode }),
    signal: exit?.signal ?? '',
    endCause: endCause(record) ?? '',
    message: record.failure?.message ?? '',
    published: record.published,
  };
}

function endCause(record: TaskRecord): StopCause | NonNullable<TaskRecord['failure']>['cause'] | undefined {
  return record.failure?.cause ?? record.local.stopping?.cause ?? record.exit?.cause;
}
