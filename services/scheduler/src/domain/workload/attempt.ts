import type { Instant } from '@suanli/kernel';
import type { Reason } from '../job/reason.ts';
import type { Workload } from './workload.ts';

/** `reserved`: capacity is taken, the hold is not yet known to be placed. `lost`: fenced. */
export type AttemptPhase =
  | 'reserved'
  | 'starting'
  | 'running'
  | 'stopping'
  | 'succeeded'
  | 'failed'
  | 'cancelled'
  | 'lost';

export const LIVE_ATTEMPT_PHASES = ['starting', 'running', 'stopping'] as const satisfies readonly AttemptPhase[];

/** `assigned`: bound, not seen by the agent yet. The last four are ends. */
export type TaskPhase =
  | 'assigned'
  | 'preparing'
  | 'running'
  | 'publishing'
  | 'succeeded'
  | 'failed'
  | 'stopped'
  | 'lost';

export type GpuShare = { gpuId: string; deviceIndex: number; milliGpus: number };

/** What the price book said when the attempt was admitted; the hold is computed from it. */
export type Price = { meter: string; amountMicros: bigint; perQuantity: bigint; priceId: string };

export type Attempt = {
  epoch: number;
  region: string;
  clusterId: string;
  /** `cpu` for a job without GPUs. */
  sku: string;
  phase: AttemptPhase;
  reason?: Reason;
  price: Price;
  reservedAt: Instant;
  boundAt?: Instant;
  startedAt?: Instant;
  finishedAt?: Instant;
  /** The last proven moment of a lost attempt: nothing after it is charged. */
  fencedAt?: Instant;
  holdId?: string;
  holdMicros: bigint;
  holdExpiresAt: Instant;
  /** The agent stops the tasks by itself when this passes. */
  fundedUntil: Instant;
  /** When the next extension is due. */
  extendAt: Instant;
  /** The newest usage event of this attempt: after the last one billing releases what is left of the hold. */
  lastUsageId?: string;
  /** The job-scoped secret, sealed; opened only on its way to the agent, gone when the attempt has ended. */
  jobKey?: string;
};

export type Task = {
  index: number;
  phase: TaskPhase;
  nodeId: string;
  gpus: readonly GpuShare[];
  startedAt?: Instant;
  finishedAt?: Instant;
  /** Proven run time. */
  runMs: number;
  /** How much of it has been told to billing. */
  chargedMs: number;
  exitCode?: number;
  signal?: string;
  endCause?: string;
  message?: string;
  /** Revision that each output mount became, by mount path. */
  published: Readonly<Record<string, string>>;
  /** Bytes of its log that are stored. */
  logBytes: number;
};

/** A workload with its present attempt: what is locked, folded and written together. */
export type Live = { workload: Workload; attempt: Attempt; tasks: readonly Task[] };

export function isEnded(task: Task): boolean {
  return task.phase === 'succeeded' || task.phase === 'failed' || task.phase === 'stopped' || task.phase === 'lost';
}
