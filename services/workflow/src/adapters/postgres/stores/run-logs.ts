import { hashBody, rememberRequest, type Tx } from '@suanli/postgres';
import { and, asc, eq, gt, lte, sql } from 'drizzle-orm';
import type { ChargeStore, JobStopStore, JournalStore, RequestLog } from '../../../app/ports.ts';
import { inMs } from '../rows.ts';
import { jobStop, journal, run, step, stepCharge } from '../schema.ts';

export function journalStore(tx: Tx): JournalStore {
  return {
    async append(runId, entries) {
      if (entries.length === 0) return;
      const rows = entries.map(({ stepId = null, data, occurredAt, ...rest }) => ({
        ...rest,
        runId,
        stepId,
        data: { value: data },
        occurredAt: new Date(occurredAt),
      }));
      await tx.insert(journal).values(rows);
    },
    async read(runId, afterSequence, limit) {
      const rows = await tx
        .select()
        .from(journal)
        .where(and(eq(journal.runId, runId), gt(journal.sequence, afterSequence)))
        .orderBy(asc(journal.sequence))
        .limit(limit);
      return rows.map(({ sequence, type, stepId, data, occurredAt }) => ({
        sequence,
        type,
        ...(stepId !== null && { stepId }),
        data: data.value,
        occurredAt: occurredAt.getTime(),
      }));
    },
  };
}

export function requestLog(tx: Tx): RequestLog {
  return {
    once: ({ scope, requestId, body }, effect) =>
      rememberRequest(tx, { scope, requestId, bodyHash: hashBody(body) }, effect),
  };
}

export function chargeStore(tx: Tx): ChargeStore {
  return {
    async insert(charge) {
      const inserted = await tx
        .insert(stepCharge)
        .values(charge)
        .onConflictDoNothing()
        .returning({ id: stepCharge.usageId });
      return inserted.length === 1;
    },
    async addCost(runId, stepId, amountMicros) {
      await tx
        .update(step)
        .set({ costMicros: sql`${step.costMicros} + ${amountMicros}` })
        .where(eq(step.id, stepId));
      await tx
        .update(run)
        .set({ costMicros: sql`${run.costMicros} + ${amountMicros}` })
        .where(eq(run.id, runId));
    },
  };
}

export function jobStopStore(tx: Tx): JobStopStore {
  return {
    async add(stepIds) {
      if (stepIds.length === 0) return;
      await tx
        .insert(jobStop)
        .values(stepIds.map((stepId) => ({ stepId })))
        .onConflictDoNothing();
    },
    async due(limit) {
      const isDue = lte(jobStop.dueAt, sql<Date>`clock_timestamp()`);
      const rows = await tx.select().from(jobStop).where(isDue).orderBy(asc(jobStop.dueAt)).limit(limit);
      return rows.map(({ stepId }) => stepId);
    },
    async later(stepId, delayMs) {
      await tx
        .update(jobStop)
        .set({ dueAt: inMs(delayMs) })
        .where(eq(jobStop.stepId, stepId));
    },
    async done(stepId) {
      await tx.delete(jobStop).where(eq(jobStop.stepId, stepId));
    },
  };
}
