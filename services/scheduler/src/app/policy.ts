import type { AttemptPolicy } from '../domain/attempt/settle.ts';
import type { CyclePolicy } from '../domain/cycle/run-cycle.ts';
import type { FundingPolicy } from '../domain/funding/funding.ts';
import { bestFit } from '../domain/placement/best-fit.ts';

/** Every bound of the control plane, by name and unit. */
export type Policy = {
  cycle: CyclePolicy;
  funding: FundingPolicy;
  attempt: AttemptPolicy;
  /** An agent's work is its own for so long after a sync. */
  leaseMs: number;
  /** The agent stops so much earlier, the scheduler fences so much later. */
  leaseMarginMs: number;
  syncIntervalMs: number;
  /** A cycle comes at least so often, and at most so often when woken. */
  tickMs: number;
  minTickMs: number;
  /** Pending workloads looked at in one cycle. */
  pendingPerCycle: number;
  /** Holds asked for in one call. */
  holdsPerCall: number;
  /** Until a job without money is tried again, unless the wallet is filled before. */
  fundsRetryMs: number;
  /** Until an extension that was refused is asked for again. */
  extendRetryMs: number;
  logBytesPerTask: number;
  choresAtOnce: number;
  maxChoreBackoffMs: number;
  /** A job key outlives its longest run by so much: inputs before it, outputs after. */
  keySlackMs: number;
};

export const defaultPolicy: Policy = {
  cycle: { strategy: bestFit, starvationMs: 600_000, maxAdmissions: 64 },
  funding: { runwayMs: 60_000, warningMs: 30_000, killMs: 10_000 },
  attempt: { usageWindowMs: 5_000, requeueBackoffMs: 1_000, maxRequeueBackoffMs: 60_000 },
  leaseMs: 10_000,
  leaseMarginMs: 2_000,
  syncIntervalMs: 1_000,
  tickMs: 1_000,
  minTickMs: 20,
  pendingPerCycle: 10_000,
  holdsPerCall: 64,
  fundsRetryMs: 15_000,
  extendRetryMs: 2_000,
  logBytesPerTask: 16 * 2 ** 20,
  choresAtOnce: 32,
  maxChoreBackoffMs: 60_000,
  keySlackMs: 7_200_000,
};
