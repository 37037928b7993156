import { insertSet, isAnyOf, type Tx } from '@suanli/postgres';
import { and, asc, isNull, lte, sql } from 'drizzle-orm';
import type { HoldStore } from '../../../app/ports.ts';
import { fromHold, toHold } from '../rows.ts';
import { holds } from '../schema/index.ts';

export function holdStore(tx: Tx): HoldStore {
  return {
    async find(holdIds) {
      const rows = await tx
        .select()
        .from(holds)
        .where(isAnyOf(holds.id, new Set(holdIds)));
      return rows.map(toHold);
    },
    async save(changed) {
      await tx.execute(sql`${insertSet(holds, changed.map(fromHold))}
        on conflict (id) do update set
          status = excluded.status, amount_micros = excluded.amount_micros,
          captured_micros = excluded.captured_micros, released_micros = excluded.released_micros,
          expires_at = excluded.expires_at, release_at = excluded.release_at, lot_shares = excluded.lot_shares,
          awaits_usage_id = excluded.awaits_usage_id, resolved_at = excluded.resolved_at, version = excluded.version`);
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
