import type { Database } from '@suanli/postgres';
import { and, eq, isNull, sql } from 'drizzle-orm';
import type { ClaimResult, IdempotencyStore, RecordId } from '../../app/idempotency/ports.ts';
import { idempotencyRecords as records } from './schema.ts';

export function idempotencyStore(db: Database): IdempotencyStore {
  const isIt = ({ tenant, route, key }: RecordId) =>
    and(eq(records.tenant, tenant), eq(records.route, route), eq(records.key, key));
  const isHeld = (record: RecordId, claimedBy: string) =>
    and(isIt(record), eq(records.claimedBy, claimedBy), isNull(records.sealedAnswer));
  return {
    async claim({ tenant, route, key, bodySha256, claimedBy, now, claimedUntil }): Promise<ClaimResult> {
      // One statement, so that of two concurrent requests exactly one gets the row back.
      const claimed = await db
        .insert(records)
        .values({
          tenant,
          route,
          key,
          bodySha256,
          claimedBy,
          claimedUntil: new Date(claimedUntil),
          createdAt: new Date(now),
        })
        .onConflictDoUpdate({
          target: [records.tenant, records.route, records.key],
          set: { claimedBy, claimedUntil: new Date(claimedUntil) },
          setWhere: and(
            isNull(records.sealedAnswer),
            eq(records.bodySha256, bodySha256),
            sql`${records.claimedUntil} <= ${new Date(now).toISOString()}::timestamptz`,
          )!,
        })
        .returning({ claimedBy: records.claimedBy });
      if (claimed.length === 1) return { kind: 'claimed' };
      const [row] = await db.select().from(records).where(isIt({ tenant, route, key }));
      // Released between the two statements: as good as still under way, the caller tries again.
      if (row === undefined) return { kind: 'in_flight' };
      if (row.bodySha256 !== bodySha256) return { kind: 'other_body' };
      return row.sealedAnswer === null ? { kind: 'in_flight' } : { kind: 'answered', sealedAnswer: row.sealedAnswer };
    },
    async answer(record, claimedBy, answerStatus, sealedAnswer) {
      await db.update(records).set({ answerStatus, sealedAnswer }).where(isHeld(record, claimedBy));
    },
    async release(record, claimedBy) {
      await db.delete(records).where(isHeld(record, claimedBy));
    },
    async purge(olderThan, limit) {
      const result = await db.execute(sql`
        delete from idempotency_records where ctid = any(array(
          select ctid from idempotency_records
          where created_at < ${new Date(olderThan).toISOString()}::timestamptz limit ${limit}))`);
      return result.rowCount ?? 0;
    },
  };
}
