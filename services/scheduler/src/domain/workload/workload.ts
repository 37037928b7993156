import { type Instant, invariant, type TenantPath } from '@suanli/kernel';
import type { JobSpec } from '../job/job-spec.ts';
import type { Reason } from '../job/reason.ts';
import { isTerminal, nextPhase, type Phase, type PhaseEvent } from './phase-machine.ts';

/** Why an attempt is being stopped before its tasks end by themselves. */
export type StopCause =
  | 'cancelled'
  | 'task_failed'
  | 'task_lost'
  | 'funds_exhausted'
  | 'account_suspended'
  | 'max_run_time';

/** Work of a tenant; `kind` says what shape its life has. */
export type Workload = {
  id: string;
  kind: 'job';
  tenant: TenantPath;
  spec: JobSpec;
  phase: Phase;
  reason: Reason;
  /** The newest attempt, 0 before the first. Never reused, also when an attempt was undone before it was bound. */
  epoch: number;
  /** Attempts lost so far. */
  requeues: number;
  stopCause?: StopCause;
  createdAt: Instant;
  /** Not nominated before: back-off after a lost attempt or missing money. */
  eligibleAt: Instant;
  startedAt?: Instant;
  finishedAt?: Instant;
  /** Of the task that decided the end. */
  exitCode?: number;
  /** From 1 while pending; 0 when not known. */
  queuePosition: number;
  /** Rises with every change. */
  version: bigint;
};

/** Moves a workload along the machine; an event that its phase does not know is a bug. */
export function advance(workload: Workload, event: PhaseEvent, reason: Reason, now: Instant): Workload {
  const phase = nextPhase(workload.phase, event);
  invariant(phase !== undefined, `${workload.id}: ${event} in phase ${workload.phase}`);
  return {
    ...workload,
    phase,
    reason,
    version: workload.version + 1n,
    ...(event === 'bind' && { queuePosition: 0 }),
    ...(phase === 'cancelled' && { queuePosition: 0 }),
    ...(isTerminal(phase) && { finishedAt: now }),
  };
}
