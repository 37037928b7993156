import type { Instant } from '@suanli/kernel';

/** `<job>/<epoch>/<index>`: one attempt of one task. */
export type TaskKey = string;

export function taskKey(id: { jobId: string; epoch: number; index: number }): TaskKey {
  return `${id.jobId}/${id.epoch}/${id.index}`;
}

/** Why a task was ended when it did not end by itself. */
export type StopCause =
  | 'cancelled'
  | 'max_run_time'
  | 'funds_exhausted'
  | 'lease_lost'
  | 'out_of_memory'
  | 'disk_exhausted'
  | 'too_many_processes'
  | 'not_wanted';

/** What the scheduler wants of one task here. */
export type DesiredTask = {
  key: TaskKey;
  jobId: string;
  epoch: number;
  index: number;
  desired: 'run' | 'stop';
  stopCause: StopCause;
  /** The task stops by itself when this passes, even when the agent is cut off. */
  fundedUntil: Instant;
  spec: TaskSpec;
};

export type TaskSpec = {
  command: readonly string[];
  env: Readonly<Record<string, string>>;
  workingDir: string;
  taskCount: number;
  milliCpus: number;
  memoryBytes: number;
  maxRunMs: number;
  graceMs: number;
  mounts: readonly MountSpec[];
  /** How long the task may go on while the agent is cut off, beyond the lease; 0 is `kill`. */
  disconnectGraceMs: number;
  accountId: string;
  region: string;
  jobKey: string;
  gpuDevices: readonly number[];
};

export type MountSpec = { mode: 'in' | 'out'; path: string; repositoryId: string; revision: string };

/** `preparing` fetches mounts; `publishing` commits what an ended task left in its `out` mounts. */
export type TaskPhase = 'preparing' | 'running' | 'publishing' | 'exited' | 'failed_to_start';

/** What the agent knows of a task that it has. Times ending in MonoMs are of the monotonic clock. */
export type LocalTask = {
  key: TaskKey;
  phase: TaskPhase;
  fundedUntil: Instant;
  maxRunMs: number;
  graceMs: number;
  disconnectGraceMs: number;
  startedMonoMs?: number;
  /** When SIGTERM was sent, and why; the first cause stays. */
  stopping?: { cause: StopCause; sinceMonoMs: number; isKilled: boolean };
};

/** Whether the process may still be alive. */
export function isAlive(task: LocalTask): boolean {
  return task.phase === 'preparing' || task.phase === 'running';
}
