import type { Tx } from '@suanli/postgres';
import { and, asc, inArray, sql } from 'drizzle-orm';
import type { UsageStore } from '../../../app/ports.ts';
import type { Usage } from '../../../domain/rating/usage.ts';
import { charges as chargesTable, usageEvents } from '../schema/index.ts';
import { fromTaggedJson, toTaggedJson } from '../tagged-json.ts';

/** Written out, not as a parameter, so that the partial index of the same words serves it. */
export const IS_PARKED = sql`${usageEvents.state} = 'parked'`;

export function usageStore(tx: Tx): UsageStore {
  return {
    async find(usageIds) {
      const rows = await tx
        .select({ state: usageEvents.state, body: usageEvents.body })
        .from(usageEvents)
        .where(inArray(usageEvents.usageId, [...usageIds]));
      return rows.map(({ state, body }) => ({ state, usage: fromTaggedJson<Usage>(body) }));
    },
    async saveRated(rated, now) {
      const at = new Date(now);
      await tx
        .insert(usageEvents)
        .values(
          rated.map(({ usage, charges }) => ({
            ...rowOf(usage, at),
            state: 'rated' as const,
            ratedAt: at,
            chargeCount: charges.length,
          })),
        )
        .onConflictDoUpdate({
          target: usageEvents.usageId,
          set: {
            state: 'rated',
            reason: null,
            ratedAt: at,
            chargeCount: sql`excluded.charge_count`,
            body: sql`excluded.body`,
          },
          setWhere: IS_PARKED,
        });
      const charges = rated.flatMap((one) => one.charges.map(({ charge }) => ({ ...charge, createdAt: at })));
      if (charges.length > 0) await tx.insert(chargesTable).values(charges);
    },
    async park(parked, now) {
      const at = new Date(now);
      await tx
        .insert(usageEvents)
        .values(
          parked.map(({ usage, reason }) => ({
            ...rowOf(usage, at),
            state: 'parked' as const,
            reason,
            chargeCount: 0,
          })),
        )
        .onConflictDoUpdate({
          target: usageEvents.usageId,
          set: { reason: sql`excluded.reason`, attempts: sql`${usageEvents.attempts} + 1` },
          setWhere: IS_PARKED,
        });
    },
    async parked(usageIds) {
      const rows = await tx
        .select({ body: usageEvents.body })
        .from(usageEvents)
        .where(and(inArray(usageEvents.usageId, [...usageIds]), IS_PARKED));
      return rows.map((row) => fromTaggedJson<Usage>(row.body));
    },
    async parkedIds(limit) {
      const rows = await tx
        .select({ usageId: usageEvents.usageId })
        .from(usageEvents)
        .where(IS_PARKED)
        .orderBy(asc(usageEvents.usageId))
        .limit(limit);
      return rows.map((row) => row.usageId);
    },
  };
}

function rowOf(usage: Usage, receivedAt: Date) {
  const { usageId, tenant } = usage;
  return { usageId, accountId: tenant.accountId, body: toTaggedJson(usage), receivedAt };
}
