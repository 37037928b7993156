import type { Instant } from '@suanli/kernel';
import { type Hold, isResolved } from './hold.ts';

/** An attempt that the scheduler says is alive, or has ended and still owes the end of its hold. */
export type LiveAttempt = {
  workloadId: string;
  epoch: number;
  phase: string;
  /** Absent while it is not known whether it was admitted with money. */
  holdId?: string;
};

/** What the scheduler said, and when: it was asked before the holds were read. */
export type LiveWork = { asOf: Instant; attempts: readonly LiveAttempt[] };

export type WorkloadMatch = {
  /** Money is held for work that does not exist. */
  holdsWithoutWork: string[];
  /** Work goes on, and nothing is held for it: `workload:epoch`. */
  workWithoutHold: string[];
};

export const JOB_PURPOSE = 'job';

/**
 * Two services are never read at one instant, and their clocks differ a little: what was placed or resolved later than so
 * long before the scheduler was asked is not judged.
 */
export const MATCH_SLACK_MS = 30_000;

/**
 * Matches holds to work. `holds`: every unresolved hold of jobs, and whatever hold an attempt names. A hold needs a live
 * attempt until it expires; from then on it only waits for late usage, as does one that was closed and waits for its last.
 * That such a wait ends in time is a check of its own.
 */
export function matchWorkloads(holds: readonly Hold[], { asOf, attempts }: LiveWork): WorkloadMatch {
  const judgedUntil = asOf - MATCH_SLACK_MS;
  const known = new Set(attempts.map(keyOf));
  const byId = new Map(holds.map((hold) => [hold.id, hold]));
  const holdsWithoutWork = holds.filter(
    (hold) =>
      needsWork(hold, asOf) &&
      hold.createdAt < judgedUntil &&
      !known.has(keyOf({ workloadId: hold.purpose.id, epoch: hold.purpose.epoch })),
  );
  const workWithoutHold = attempts.filter((attempt) => {
    if (attempt.holdId === undefined || !isAlive(attempt)) return false;
    const hold = byId.get(attempt.holdId);
    return hold === undefined || !isOf(hold, attempt) || (hold.resolvedAt ?? asOf) < judgedUntil;
  });
  return { holdsWithoutWork: holdsWithoutWork.map((hold) => hold.id), workWithoutHold: workWithoutHold.map(keyOf) };
}

/** False: it is over, and the scheduler has yet to close its hold. */
export function isAlive(attempt: Pick<LiveAttempt, 'phase'>): boolean {
  return attempt.phase !== 'ended';
}

function needsWork(hold: Hold, asOf: Instant): boolean {
  return !isResolved(hold) && hold.purpose.kind === JOB_PURPOSE && hold.status === 'active' && hold.expiresAt > asOf;
}

function isOf({ purpose }: Hold, attempt: LiveAttempt): boolean {
  return purpose.kind === JOB_PURPOSE && keyOf({ workloadId: purpose.id, epoch: purpose.epoch }) === keyOf(attempt);
}

function keyOf({ workloadId, epoch }: Pick<LiveAttempt, 'workloadId' | 'epoch'>): string {
  return `${workloadId}:${epoch}`;
}
