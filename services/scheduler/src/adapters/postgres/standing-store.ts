import { and, asc, eq, inArray, lt, notExists, or, sql } from 'drizzle-orm';
import type { StandingStore } from '../../app/stores.ts';
import type { Sql } from './rows.ts';
import { accountStandings, attempts, workloads } from './schema.ts';

const SUSPENDED = ['suspended', 'deleting'];

export function standingStore(db: Sql): StandingStore {
  return {
    async record({ accountId, state, version }, now) {
      const updatedAt = new Date(now);
      const written = await db
        .insert(accountStandings)
        .values({ accountId, state, version, updatedAt })
        .onConflictDoUpdate({
          target: accountStandings.accountId,
          set: { state, version, updatedAt },
          setWhere: lt(accountStandings.version, version),
        })
        .returning({ accountId: accountStandings.accountId });
      return written.length > 0;
    },
    async suspended() {
      const rows = await db
        .select({ accountId: accountStandings.accountId })
        .from(accountStandings)
        .where(inArray(accountStandings.state, SUSPENDED));
      return new Set(rows.map((row) => row.accountId));
    },
    async toStop(limit) {
      const underWay = db
        .select({ one: sql`1` })
        .from(attempts)
        .where(and(eq(attempts.workloadId, workloads.id), eq(attempts.phase, 'reserved')));
      const rows = await db
        .select({ workloadId: workloads.id, phase: workloads.phase })
        .from(accountStandings)
        .innerJoin(workloads, eq(workloads.accountId, accountStandings.accountId))
        .where(
          and(
            inArray(accountStandings.state, SUSPENDED),
            or(
              inArray(workloads.phase, ['starting', 'running']),
              // One whose money is being asked for ends with the refusal.
              and(eq(workloads.phase, 'pending'), eq(accountStandings.state, 'deleting'), notExists(underWay)),
            ),
          ),
        )
        .orderBy(asc(workloads.id))
        .limit(limit);
      return rows;
    },
  };
}
