import type { Tx } from '@suanli/postgres';
import { and, asc, eq, gt, inArray, sql } from 'drizzle-orm';
import type { UsageStore } from '../../../app/ports.ts';
import { factKey, type Usage } from '../../../domain/rating/usage.ts';
import { charges as chargesTable, usageEvents } from '../schema.ts';
import { fromTaggedJson, toTaggedJson } from '../tagged-json.ts';

export function usageStore(tx: Tx): UsageStore {
  return {
    find(usageIds) {
      return tx
        .select({ usageId: usageEvents.usageId, state: usageEvents.state, factKey: usageEvents.factKey })
        .from(usageEvents)
        .where(inArray(usageEvents.usageId, [...usageIds]));
    },
    async chargedFacts(factKeys) {
      const rows = await tx
        .select({ factKey: usageEvents.factKey })
        .from(usageEvents)
        .where(
          and(
            inArray(usageEvents.factKey, [...factKeys]),
            eq(usageEvents.state, 'rated'),
            gt(usageEvents.chargeCount, 0),
          ),
        );
      return new Set(rows.map((row) => row.factKey));
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
            factKey: sql`excluded.fact_key`,
          },
          setWhere: eq(usageEvents.state, 'parked'),
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
          setWhere: eq(usageEvents.state, 'parked'),
        });
    },
    async parked(usageIds) {
      const rows = await tx
        .select({ body: usageEvents.body })
        .from(usageEvents)
        .where(and(inArray(usageEvents.usageId, [...usageIds]), eq(usageEvents.state, 'parked')));
      return rows.map((row) => fromTaggedJson<Usage>(row.body));
    },
    async parkedIds(limit) {
      const rows = await tx
        .select({ usageId: usageEvents.usageId })
        .from(usageEvents)
        .where(eq(usageEvents.state, 'parked'))
        .orderBy(asc(usageEvents.usageId))
        .limit(limit);
      return rows.map((row) => row.usageId);
    },
  };
}

function rowOf(usage: Usage, receivedAt: Date) {
  const { usageId, tenant } = usage;
  return { usageId, accountId: tenant.accountId, factKey: factKey(usage), body: toTaggedJson(usage), receivedAt };
}
