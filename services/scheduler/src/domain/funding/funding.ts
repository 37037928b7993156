import { type Instant, mulDivCeil } from '@suanli/kernel';
import { disconnectGraceMs, type JobSpec, meterOf } from '../job/job-spec.ts';
import type { Attempt, Price } from '../workload/attempt.ts';

export type FundingPolicy = {
  /** How far ahead of now a job is paid for. */
  runwayMs: number;
  /** From the warning that money ends until the tasks are stopped. */
  warningMs: number;
  /** From SIGKILL until a process is surely gone. */
  killMs: number;
};

export type Funding = {
  /** The agent stops the tasks by itself when this passes. */
  fundedUntil: Instant;
  /** When the next extension is due: half of the runway is used up. */
  extendAt: Instant;
  /** In total, from the first millisecond on. */
  holdMicros: bigint;
  /** Nothing runs after this; billing waits for late usage beyond it. */
  holdExpiresAt: Instant;
};

/**
 * What a hold must be at `now`: it covers the run until `fundedUntil`, then the grace and the kill. A job that may go on
 * while cut off cannot be told of an extension, so its grace is paid for too.
 */
export function fund(
  spec: JobSpec,
  price: Price,
  at: { reservedAt: Instant; now: Instant },
  policy: FundingPolicy,
): Funding {
  const fundedUntil = at.now + policy.runwayMs + policy.warningMs + disconnectGraceMs(spec);
  const endMs = spec.graceSeconds * 1000 + policy.killMs;
  // Time before the start is never charged, so a run is at most this long whenever it begins.
  const runMs = Math.min(fundedUntil - at.reservedAt, spec.maxRunSeconds * 1000);
  return {
    fundedUntil,
    extendAt: at.now + policy.runwayMs / 2,
    holdMicros: costOf(spec, price, runMs + endMs),
    holdExpiresAt: fundedUntil + endMs,
  };
}

/** Whether a user should hear that money ends: an extension was refused and the runway is used up. */
export function isRunningOut(spec: JobSpec, attempt: Attempt, now: Instant, policy: FundingPolicy): boolean {
  return attempt.fundedUntil - now - disconnectGraceMs(spec) <= policy.warningMs;
}

/** The price of all tasks running for `runMs`, rounded up: a hold always covers the charge. */
export function costOf(spec: JobSpec, price: Price, runMs: number): bigint {
  const quantity = BigInt(meterOf(spec).perTask) * BigInt(spec.taskCount) * BigInt(Math.ceil(runMs));
  return mulDivCeil(quantity, price.amountMicros, price.perQuantity);
}
