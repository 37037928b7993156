import { asc, eq, lte, sql } from 'drizzle-orm';
import type { ChoreStore, UseStore } from '../../app/stores.ts';
import type { Sql } from './rows.ts';
import { accountUse, chores } from './schema.ts';

export function choreStore(db: Sql): ChoreStore {
  return {
    async add(kind, workloadId, epoch, now) {
      const id = `${kind}:${workloadId}:${epoch}`;
      await db
        .insert(chores)
        .values({ id, kind, workloadId, epoch, dueAt: new Date(now) })
        .onConflictDoNothing();
    },
    async due(now, limit) {
      return db
        .select()
        .from(chores)
        .where(lte(chores.dueAt, new Date(now)))
        .orderBy(asc(chores.dueAt))
        .limit(limit);
    },
    async done(id) {
      await db.delete(chores).where(eq(chores.id, id));
    },
    async postpone(id, dueAt) {
      await db
        .update(chores)
        .set({ dueAt: new Date(dueAt), failures: sql`${chores.failures} + 1` })
        .where(eq(chores.id, id));
    },
  };
}

/** Use counts half after an hour. */
const HALF_LIFE_MS = 3_600_000;
/** Below this nothing is left worth a row in the order of accounts. */
const NEGLIGIBLE_GPU_MS = 1_000;

export function useStore(db: Sql): UseStore {
  return {
    async add(use, now) {
      const asOf = new Date(now);
      const rows = use.map(({ accountId, gpuMs }) => ({ accountId, gpuMs, asOf }));
      await db
        .insert(accountUse)
        .values(rows)
        .onConflictDoUpdate({
          target: accountUse.accountId,
          set: {
            gpuMs: sql`${decayed(now)} + excluded.gpu_ms`,
            asOf: sql`greatest(${accountUse.asOf}, excluded.as_of)`,
          },
        });
    },
    async recent(now) {
      const gpuMs = sql<number>`${decayed(now)}`;
      const rows = await db
        .select({ accountId: accountUse.accountId, gpuMs })
        .from(accountUse)
        .where(sql`${gpuMs} > ${NEGLIGIBLE_GPU_MS}`);
      return new Map(rows.map((row) => [row.accountId, Number(row.gpuMs)]));
    },
  };
}

function decayed(now: number) {
  const ageMs = sql`greatest(0, ${now}::double precision - extract(epoch from ${accountUse.asOf})::double precision * 1000)`;
  // Beyond forty halvings it is nothing, and the power would underflow.
  return sql`(${accountUse.gpuMs} * power(0.5::double precision, least(40, ${ageMs} / ${HALF_LIFE_MS}::double precision)))`;
}
