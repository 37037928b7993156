import type { Tx } from '@suanli/postgres';
import { and, asc, inArray, isNull, lte, sql } from 'drizzle-orm';
import type { HoldStore } from '../../../app/ports.ts';
import { fromHold, toHold } from '../rows.ts';
import { holds } from '../schema/index.ts';

export function holdStore(tx: Tx): HoldStore {
  return {
    async find(holdIds) {
      const rows = await tx
        .select()
        .from(holds)
        .where(inArray(holds.id, [...new Set(holdIds)]));
      return rows.map(toHold);
    },
    async save(changed) {
      await tx
        .insert(holds)
        .values(changed.map(fromHold))
        .onConflictDoUpdate({
          target: holds.id,
          set: {
            status: sql`excluded.status`,
            amountMicros: sql`excluded.amount_micros`,
            capturedMicros: sql`excluded.captured_micros`,
            releasedMicros: sql`excluded.released_micros`,
            expiresAt: sql`excluded.expires_at`,
            releaseAt: sql`excluded.release_at`,
            lotShares: sql`excluded.lot_shares`,
            awaitsUsageId: sql`excluded.awaits_usage_id`,
            resolvedAt: sql`excluded.resolved_at`,
            version: sql`excluded.version`,
          },
        });
    },
    async findDue(now, limit) {
      const rows = await tx
        .select()
        .from(holds)
        .where(and(isNull(holds.resolvedAt), lte(holds.releaseAt, new Date(now))))
        .orderBy(asc(holds.releaseAt))
        .limit(limit);
      return rows.map(toHold);
    },
  };
}
