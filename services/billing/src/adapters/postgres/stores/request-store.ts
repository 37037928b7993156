import { invariant } from '@suanli/kernel';
import { hashBody, requests, type Tx } from '@suanli/postgres';
import { and, eq, inArray, sql } from 'drizzle-orm';
import type { Claim, RequestStore } from '../../../app/ports.ts';
import { fromTaggedJson, toTaggedJson } from '../tagged-json.ts';

/**
 * Request ids of a whole batch in two statements. Rows are inserted before anything is locked and in the order of their
 * ids, so that batches that share ids wait for each other and never deadlock.
 */
export function requestStore(tx: Tx): RequestStore {
  return {
    async claim<A>(scope: string, asked: readonly { requestId: string; body: unknown }[]): Promise<Claim<A>[]> {
      const hashes = asked.map(({ body }) => hashBody(body));
      const firstAt = new Map<string, number>();
      asked.forEach(({ requestId }, index) => firstAt.has(requestId) || firstAt.set(requestId, index));
      const rows = [...firstAt]
        .map(([requestId, index]) => ({ scope, requestId, bodyHash: hashes[index] ?? '' }))
        .sort((a, b) => (a.requestId < b.requestId ? -1 : 1));
      const inserted = await tx
        .insert(requests)
        .values(rows)
        .onConflictDoNothing()
        .returning({ id: requests.requestId });
      const isNew = new Set(inserted.map((row) => row.id));
      const before = await answered(
        tx,
        scope,
        rows.map((row) => row.requestId).filter((id) => !isNew.has(id)),
      );
      return asked.map(({ requestId }, index): Claim<A> => {
        const first = firstAt.get(requestId);
        const known = before.get(requestId);
        if (first !== undefined && hashes[first] !== hashes[index]) return { kind: 'conflict' };
        if (isNew.has(requestId)) return { kind: first === index ? 'new' : 'repeated' };
        // The row can only be gone when its retention ended between the two statements: as good as another body.
        if (known === undefined || known.bodyHash !== hashes[index]) return { kind: 'conflict' };
        return { kind: 'replayed', answer: fromTaggedJson<A>(known.answer) };
      });
    },
    async remember(scope, answers) {
      const ids = sql.param(answers.map((one) => one.requestId));
      const bodies = sql.param(answers.map((one) => JSON.stringify(toTaggedJson(one.answer))));
      const updated = await tx.execute(sql`
        update requests set answer = told.answer::jsonb
        from unnest(${ids}::text[], ${bodies}::text[]) as told (request_id, answer)
        where requests.scope = ${scope} and requests.request_id = told.request_id`);
      invariant(updated.rowCount === answers.length, 'an answer is remembered for a request that was claimed');
    },
    async forget(scope, requestIds) {
      await tx.delete(requests).where(and(eq(requests.scope, scope), inArray(requests.requestId, [...requestIds])));
    },
  };
}

async function answered(tx: Tx, scope: string, requestIds: string[]) {
  if (requestIds.length === 0) return new Map<string, { bodyHash: string; answer: unknown }>();
  const rows = await tx
    .select({ id: requests.requestId, bodyHash: requests.bodyHash, answer: requests.answer })
    .from(requests)
    .where(and(eq(requests.scope, scope), inArray(requests.requestId, requestIds)));
  return new Map(rows.map(({ id, ...row }) => [id, row]));
}
