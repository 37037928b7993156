import { and, eq, lt, sql } from 'drizzle-orm';
import { appendOutbox, type Database, outbox } from '@suanli/postgres';
import { UsageRecorded } from '@suanli/proto/suanli/events/v1/usage.ts';
import { EVENTS } from '@suanli/proto/subjects';
import type { AnswerStore, InferenceUsage, UsageLog, WireObject } from '../../app/inference/ports.ts';
import { inferenceAnswers } from './schema-inference.ts';

/** Usage events as outbox rows. Bill lines gather the calls of a workspace, model and day (UTC). */
export const usageLog: UsageLog = {
  async append(tx, used) {
    // A request repeated under its Idempotency-Key after a crash names the same usage: it was recorded already.
    const [known] = await tx.select({ id: outbox.id }).from(outbox).where(eq(outbox.id, used.usageId));
    if (known !== undefined) return;
    await appendOutbox(tx, [
      {
        id: used.usageId,
        subject: EVENTS.inferenceUsageRecorded.subject,
        aggregateId: used.usageId,
        aggregateVersion: 1n,
        tenant: used.tenant,
        payload: UsageRecorded.toJSON(toEvent(used)),
        occurredAt: used.to,
      },
    ]);
  },
};

function toEvent({ usageId, tenant, holdId, model, costKey, usage, from, to }: InferenceUsage): UsageRecorded {
  const day = new Date(to).toISOString().slice(0, 10);
  return {
    usageId,
    tenant: { ...tenant, subAccountId: tenant.subAccountId ?? '' },
    holdId,
    sourceKind: 'inference',
    sourceId: `${tenant.workspaceId}/${model}/${day}`,
    epoch: 0,
    costKey,
    readings: [
      { meter: 'tokens_input', quantity: BigInt(usage.inputTokens) },
      { meter: 'tokens_output', quantity: BigInt(usage.outputTokens) },
    ],
    region: '',
    item: model,
    usageFrom: new Date(from),
    usageTo: new Date(to),
    correctsUsageId: '',
    quoteId: '',
    isFinal: false,
  };
}

export function answerStore(db: Database): AnswerStore & { purge(before: number): Promise<void> } {
  return {
    async find(accountId, requestId) {
      const [row] = await db
        .select({ bodySha256: inferenceAnswers.bodySha256, answer: inferenceAnswers.answer })
        .from(inferenceAnswers)
        .where(and(eq(inferenceAnswers.accountId, accountId), eq(inferenceAnswers.requestId, requestId)));
      return row === undefined ? undefined : { ...row, answer: row.answer as WireObject };
    },
    async keep(tx, key, kept, now) {
      const rows = await tx
        .insert(inferenceAnswers)
        .values({ ...key, ...kept, createdAt: new Date(now) })
        .onConflictDoNothing()
        .returning({ one: sql<number>`1` });
      return rows.length === 1;
    },
    async purge(before) {
      await db.delete(inferenceAnswers).where(lt(inferenceAnswers.createdAt, new Date(before)));
    },
  };
}
