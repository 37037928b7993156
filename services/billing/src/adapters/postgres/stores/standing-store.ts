import type { Tx } from '@suanli/postgres';
import { asc, eq, lte, sql } from 'drizzle-orm';
import type { StandingStore } from '../../../app/arrears/ports.ts';
import { wallets } from '../schema/index.ts';

export function standingStore(tx: Tx): StandingStore {
  return {
    async save(changed) {
      for (const { id, standing } of changed) {
        await tx
          .update(wallets)
          .set({
            standingState: standing.state,
            standingSince: standing.since === undefined ? null : new Date(standing.since),
            standingNextAt: standing.nextAt === undefined ? null : new Date(standing.nextAt),
            standingReason: standing.reason,
            standingVersion: standing.version,
          })
          .where(eq(wallets.id, id));
      }
    },
    async setStatus(accountId, status) {
      await tx.update(wallets).set({ status }).where(eq(wallets.accountId, accountId));
    },
    async due(now, limit) {
      const rows = await tx
        .select({ accountId: wallets.accountId })
        .from(wallets)
        .where(lte(wallets.standingNextAt, sql`${new Date(now).toISOString()}::timestamptz`))
        .orderBy(asc(wallets.standingNextAt))
        .limit(limit);
      return rows.map((row) => row.accountId);
    },
  };
}
