import type { TenantPath } from '@suanli/kernel';
import { requests } from '@suanli/postgres';
import { and, asc, desc, eq, inArray, isNotNull, lt, notExists, sql } from 'drizzle-orm';
import type { JobView, WorkloadStore } from '../../app/stores.ts';
import { PHASES } from '../../domain/workload/phase-machine.ts';
import { tasksByAttempt } from './attempt-store.ts';
import { changingOf, fromWorkload, type Sql, toAttempt, toWorkload } from './rows.ts';
import { attempts, workloads } from './schema.ts';

const ofTenant = ({ accountId, workspaceId }: TenantPath) =>
  and(eq(workloads.accountId, accountId), eq(workloads.workspaceId, workspaceId));

export function workloadStore(db: Sql): WorkloadStore {
  return {
    async insert(workload) {
      await db.insert(workloads).values(fromWorkload(workload));
    },
    async view(tenant, id) {
      const rows = await db
        .select()
        .from(workloads)
        .where(and(eq(workloads.id, id), ofTenant(tenant)));
      return (await toViews(db, rows))[0];
    },
    async list(tenant, page, phases) {
      const wanted = PHASES.filter((phase) => phases.includes(phase));
      const rows = await db
        .select()
        .from(workloads)
        .where(
          and(
            ofTenant(tenant),
            page.cursor === '' ? undefined : lt(workloads.id, page.cursor),
            phases.length === 0 ? undefined : inArray(workloads.phase, wanted),
          ),
        )
        .orderBy(desc(workloads.id))
        .limit(page.limit + 1);
      const shown = rows.slice(0, page.limit);
      const nextCursor = rows.length > page.limit ? (shown.at(-1)?.id ?? '') : '';
      return { items: await toViews(db, shown), nextCursor };
    },
    async versionOf(tenant, id) {
      const [row] = await db
        .select({ version: workloads.version, phase: workloads.phase, epoch: workloads.epoch })
        .from(workloads)
        .where(and(eq(workloads.id, id), ofTenant(tenant)));
      return row;
    },
    async rememberedJob({ scope, requestId, bodyHash }) {
      const [row] = await db
        .select()
        .from(requests)
        .where(and(eq(requests.scope, scope), eq(requests.requestId, requestId)));
      if (row === undefined) return undefined;
      return row.bodyHash === bodyHash ? (row.answer as { jobId: string }) : 'conflict';
    },
    async lock(id) {
      const [row] = await db.select().from(workloads).where(eq(workloads.id, id)).for('update');
      return row && toWorkload(row);
    },
    async save(workload) {
      await db.update(workloads).set(changingOf(workload)).where(eq(workloads.id, workload.id));
    },
    async pending(limit) {
      const underWay = db
        .select({ one: sql`1` })
        .from(attempts)
        .where(and(eq(attempts.workloadId, workloads.id), eq(attempts.phase, 'reserved')));
      const rows = await db
        .select()
        .from(workloads)
        .where(and(eq(workloads.phase, 'pending'), notExists(underWay)))
        .orderBy(asc(workloads.createdAt), asc(workloads.id))
        .limit(limit);
      return rows.map((row) => ({
        id: row.id,
        accountId: row.accountId,
        spec: row.spec,
        reason: row.reason,
        queuePosition: row.queuePosition,
        createdAt: row.createdAt.getTime(),
        eligibleAt: row.eligibleAt.getTime(),
      }));
    },
    async saveWaiting(waiting) {
      const rows = waiting.map(({ workloadId, reason, queuePosition }) => ({
        id: workloadId,
        reason,
        place: queuePosition,
      }));
      // The lock order of everybody who takes several: by id.
      await db.execute(sql`
        with new as materialized (
          select new.* from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as new(id text, reason jsonb, place int)
          join workloads on workloads.id = new.id and workloads.phase = 'pending'
          order by new.id for update of workloads)
        update workloads set reason = new.reason, queue_position = new.place, version = workloads.version + 1
        from new where workloads.id = new.id and workloads.phase = 'pending'`);
    },
    async wakeUnfunded(accountId, now) {
      const isUnfunded = sql`${workloads.reason} ->> 'code' in ('waiting_for_funds', 'account_suspended')`;
      await db
        .update(workloads)
        .set({ eligibleAt: new Date(now) })
        .where(and(eq(workloads.accountId, accountId), eq(workloads.phase, 'pending'), isUnfunded));
    },
  };
}

/** Attempts that were never bound are the scheduler's own business. */
async function toViews(db: Sql, rows: (typeof workloads.$inferSelect)[]): Promise<JobView[]> {
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row.id);
  const bound = await db
    .select()
    .from(attempts)
    .where(and(inArray(attempts.workloadId, ids), isNotNull(attempts.boundAt)))
    .orderBy(asc(attempts.epoch));
  const tasksOf = await tasksByAttempt(db, bound);
  return rows.map((row) => ({
    workload: toWorkload(row),
    attempts: bound
      .filter((attempt) => attempt.workloadId === row.id)
      .map((attempt) => ({ attempt: toAttempt(attempt), tasks: tasksOf(attempt) })),
  }));
}
