import type { Instant } from '@suanli/kernel';
import type { DesiredTask, MountSpec, StopCause, TaskKey } from '../domain/task.ts';

/** How a task's process ended. Shells' convention: a signal n shows as exit code 128 + n. */
export type TaskExit = { exitCode: number; signal: string; cause?: StopCause };

/** Directories of one task on this machine. `root` holds the others. */
export type TaskDirs = {
  root: string;
  work: string;
  out: ReadonlyMap<string, string>;
  in: ReadonlyMap<string, string>;
  log: string;
  api: string;
};

/** A started process. */
export type RunningTask = {
  /** Resolves once, when the process and all its children are gone. */
  readonly exited: Promise<TaskExit>;
  /** SIGTERM to every process of the task. */
  terminate(): void;
  /** SIGKILL to every process of the task. */
  kill(cause: StopCause): void;
};

/**
 * Turns a decided placement into running work. `process` runs children of this machine; others run pods or batch steps.
 * Logs are written to `dirs.log` in the order in which they came.
 */
export interface Driver {
  readonly name: string;
  readonly isolation: 'none' | 'process' | 'container';
  /** Why this task may not run here, or undefined. Asked before anything is prepared. */
  refuses(task: DesiredTask): string | undefined;
  prepare(task: DesiredTask): Promise<TaskDirs>;
  start(task: DesiredTask, dirs: TaskDirs): Promise<RunningTask>;
  /** What the task has written from a byte offset on, at most `maxBytes`; empty at the end. */
  readLog(dirs: TaskDirs, fromByte: number, maxBytes: number): Promise<Uint8Array>;
  /** Removes the task's directories. */
  clean(key: TaskKey): Promise<void>;
  /** Ends whatever an earlier instance of this agent left running. Returns how many. */
  reclaimOrphans(): Promise<number>;
}

/** The model hub as seen through the platform's public door, with the job's own key. */
export interface HubFiles {
  /** Fills `directory` with the files of the pinned revision. */
  download(mount: MountSpec, jobKey: string, directory: string, signal: AbortSignal): Promise<void>;
  /** Commits what is in `directory`; the same `requestKey` makes one commit. Returns the revision, undefined when empty. */
  publish(
    mount: MountSpec,
    jobKey: string,
    directory: string,
    requestKey: string,
    signal: AbortSignal,
  ): Promise<string | undefined>;
}

export type TaskReport = {
  jobId: string;
  epoch: number;
  index: number;
  phase: string;
  startedAt?: Instant;
  runMs: number;
  exitCode?: number;
  signal: string;
  endCause: string;
  message: string;
  published: Record<string, string>;
};

export type SyncAnswer = {
  tasks: readonly DesiredTask[];
  leaseMs: number;
  marginMs: number;
  syncIntervalMs: number;
  /** Bytes of each task's log that the scheduler has. */
  logOffsets: ReadonlyMap<TaskKey, number>;
};

export type LogChunk = {
  jobId: string;
  epoch: number;
  index: number;
  offset: number;
  data: Uint8Array;
  loggedAt: Instant;
};

/** The line to the control plane. Calls reject when it is cut. */
export interface Uplink {
  sync(sequence: bigint, tasks: readonly TaskReport[], signal: AbortSignal): Promise<SyncAnswer>;
  /** For each chunk the bytes of that log that the scheduler now has, or -1 when it wants no more of it. */
  sendLogs(chunks: readonly LogChunk[], signal: AbortSignal): Promise<number[]>;
  onWake(handler: () => void): AsyncDisposable;
}
