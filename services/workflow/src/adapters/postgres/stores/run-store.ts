import type { Tx } from '@suanli/postgres';
import { and, desc, eq, inArray, lt, sql } from 'drizzle-orm';
import type { Owner, RunPatch, RunStore } from '../../../app/ports.ts';
import { date, ownerColumns, stored, toRun } from '../rows.ts';
import { run, runContext } from '../schema.ts';

export function runStore(tx: Tx): RunStore {
  const owned = (owner: Owner) => and(eq(run.accountId, owner.accountId), eq(run.workspaceId, owner.workspaceId));
  return {
    async insert({ tenant, error, input, output, forkedFrom, createdAt, finishedAt, ...rest }) {
      await tx.insert(run).values({
        ...rest,
        ...ownerColumns(tenant),
        error: stored(error),
        input: { value: input },
        output: stored(output),
        forkedFromRunId: forkedFrom?.runId ?? null,
        forkedFromStepId: forkedFrom?.stepId ?? null,
        createdAt: new Date(createdAt),
        finishedAt: date(finishedAt),
      });
    },
    async get(owner, id) {
      const [row] = await tx
        .select()
        .from(run)
        .where(and(eq(run.id, id), owned(owner)));
      return row && toRun(row);
    },
    async list(owner, { limit, before, statuses }) {
      const rows = await tx
        .select()
        .from(run)
        .where(
          and(
            owned(owner),
            before === undefined ? undefined : lt(run.id, before),
            statuses.length === 0 ? undefined : inArray(run.status, [...statuses]),
          ),
        )
        .orderBy(desc(run.id))
        .limit(limit);
      return rows.map(toRun);
    },
    async load(id) {
      const [row] = await tx.select().from(run).where(eq(run.id, id));
      return row && toRun(row);
    },
    async lock(id) {
      const [row] = await tx.select().from(run).where(eq(run.id, id)).for('update');
      return row && toRun(row);
    },
    async update(id, patch) {
      await tx.update(run).set(columnsOf(patch)).where(eq(run.id, id));
    },
    async addContext(runId, version, value) {
      await tx.insert(runContext).values({ runId, version, value: { value } });
    },
    async context(runId, version) {
      const isIt = and(eq(runContext.runId, runId), eq(runContext.version, version));
      const [row] = await tx.select().from(runContext).where(isIt);
      return row?.value.value ?? null;
    },
    async copyContexts(fromRunId, toRunId) {
      await tx.execute(sql`
        insert into run_context (run_id, version, value)
        select ${toRunId}, version, value from run_context where run_id = ${fromRunId}`);
    },
  };
}

function columnsOf({ error, output, finishedAt, forkedFrom: _f, createdAt: _c, ...rest }: RunPatch) {
  return {
    ...rest,
    ...(error !== undefined && { error: error === null ? null : { value: error } }),
    ...(output !== undefined && { output: output === null && rest.status !== 'completed' ? null : { value: output } }),
    ...(finishedAt !== undefined && { finishedAt: finishedAt === null ? null : new Date(finishedAt) }),
  };
}
