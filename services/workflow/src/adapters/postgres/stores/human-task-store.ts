import type { Tx } from '@suanli/postgres';
import { and, desc, eq, inArray, lt } from 'drizzle-orm';
import type { HumanTaskStore, Owner } from '../../../app/ports.ts';
import { date, ownerColumns, stored, toHumanTask } from '../rows.ts';
import { humanTask } from '../schema.ts';

export function humanTaskStore(tx: Tx): HumanTaskStore {
  const owned = (owner: Owner) =>
    and(eq(humanTask.accountId, owner.accountId), eq(humanTask.workspaceId, owner.workspaceId));
  return {
    async insert({ tenant, subject, actions, schema, createdAt, decidedAt, expiresAt, ...rest }) {
      await tx.insert(humanTask).values({
        ...rest,
        ...ownerColumns(tenant),
        subject: { value: subject },
        actions: { value: [...actions] },
        schema: stored(schema),
        createdAt: new Date(createdAt),
        decidedAt: date(decidedAt),
        expiresAt: date(expiresAt),
      });
    },
    async get(owner, id) {
      const [row] = await tx
        .select()
        .from(humanTask)
        .where(and(eq(humanTask.id, id), owned(owner)));
      return row && toHumanTask(row);
    },
    async lock(id) {
      const [row] = await tx.select().from(humanTask).where(eq(humanTask.id, id)).for('update');
      return row && toHumanTask(row);
    },
    async update(id, { decidedAt, ...rest }) {
      const when = decidedAt === undefined ? {} : { decidedAt: new Date(decidedAt) };
      await tx
        .update(humanTask)
        .set({ ...rest, ...when })
        .where(eq(humanTask.id, id));
    },
    async close(stepIds, status) {
      if (stepIds.length === 0) return [];
      const isOpen = and(inArray(humanTask.stepId, [...stepIds]), eq(humanTask.status, 'open'));
      return (await tx.update(humanTask).set({ status }).where(isOpen).returning()).map(toHumanTask);
    },
    async list(owner, { limit, before, status, runId }) {
      const rows = await tx
        .select()
        .from(humanTask)
        .where(
          and(
            owned(owner),
            eq(humanTask.status, status),
            runId === undefined ? undefined : eq(humanTask.runId, runId),
            before === undefined ? undefined : lt(humanTask.id, before),
          ),
        )
        .orderBy(desc(humanTask.id))
        .limit(limit);
      return rows.map(toHumanTask);
    },
  };
}
