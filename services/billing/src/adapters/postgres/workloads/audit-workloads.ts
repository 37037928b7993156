import { type Database, isAnyOf } from '@suanli/postgres';
import { and, eq, isNull, or } from 'drizzle-orm';
import {
  isAlive,
  JOB_PURPOSE,
  type LiveWork,
  matchWorkloads,
  type WorkloadMatch,
} from '../../../domain/hold/match-workloads.ts';
import { toHold } from '../rows.ts';
import { holds } from '../schema/index.ts';

/** How the holds of jobs match what the scheduler runs. */
export type WorkloadAudit = {
  /** Rows that break a promise, by check. */
  broken: Record<string, number>;
  checks: number;
  liveAttempts: number;
  /** Unresolved ones. */
  jobHolds: number;
  /** What does not match, the first few of each. */
  unmatched: WorkloadMatch;
};

/** The two promises: no hold without its work, no work without its hold. */
const CHECKS = 2;
const MAX_NAMED = 20;

/** Holds are read after the scheduler was asked: what changed in between is not judged. */
export async function auditWorkloads(db: Database, work: LiveWork): Promise<WorkloadAudit> {
  const named = work.attempts.flatMap((attempt) => attempt.holdId ?? []);
  const rows = await db
    .select()
    .from(holds)
    .where(or(and(isNull(holds.resolvedAt), eq(holds.purposeKind, JOB_PURPOSE)), isAnyOf(holds.id, named)));
  const { holdsWithoutWork, workWithoutHold } = matchWorkloads(rows.map(toHold), work);
  return {
    broken: {
      ...(holdsWithoutWork.length > 0 && { holdsBelongToLiveWork: holdsWithoutWork.length }),
      ...(workWithoutHold.length > 0 && { liveWorkIsHeldFor: workWithoutHold.length }),
    },
    checks: CHECKS,
    liveAttempts: work.attempts.filter(isAlive).length,
    jobHolds: rows.filter((row) => row.resolvedAt === null && row.purposeKind === JOB_PURPOSE).length,
    unmatched: {
      holdsWithoutWork: holdsWithoutWork.slice(0, MAX_NAMED),
      workWithoutHold: workWithoutHold.slice(0, MAX_NAMED),
    },
  };
}
