import { insertSet, isAnyOf, type Tx } from '@suanli/postgres';
import { and, asc, eq, gt, or, type SQL, sql } from 'drizzle-orm';
import type { UsageStore } from '../../../app/rating/ports.ts';
import type { ChargedPart, KnownUsage } from '../../../domain/rating/facts.ts';
import type { Fence } from '../../../domain/rating/fence.ts';
import type { Rated } from '../../../domain/rating/rate-usage.ts';
import type { Usage } from '../../../domain/rating/usage.ts';
import { billLines, charges as chargesTable, creditedCharges, usageEvents } from '../schema/index.ts';
import { fromTaggedJson, toTaggedJson } from '../tagged-json.ts';

/** Written out, not as a parameter, so that the partial index of the same words serves it. */
export const IS_PARKED = sql`${usageEvents.state} = 'parked'`;

const KNOWN = {
  usageId: usageEvents.usageId,
  state: usageEvents.state,
  body: usageEvents.body,
  factId: usageEvents.factId,
  supersededBy: usageEvents.supersededBy,
  revision: usageEvents.revision,
  waitsFor: usageEvents.waitsFor,
};
type KnownRow = Pick<typeof usageEvents.$inferSelect, keyof typeof KNOWN>;

export function usageStore(tx: Tx): UsageStore {
  return {
    async find(usageIds, names = []) {
      const isNamed = isAnyOf(usageEvents.usageId, usageIds);
      const waits = names.length === 0 ? undefined : and(IS_PARKED, isAnyOf(usageEvents.waitsFor, names));
      const rows = await tx.select(KNOWN).from(usageEvents).where(or(isNamed, waits));
      const asked = new Set(usageIds);
      const awaited = new Set(names);
      const waiting = rows.filter((row) => row.state === 'parked' && awaited.has(row.waitsFor));
      return {
        known: rows.filter((row) => asked.has(row.usageId)).map(toKnown),
        waiting: waiting.map((row) => fromTaggedJson<Usage>(row.body)),
      };
    },
    charged: (factIds) => chargedParts(tx, factIds),
    ratedAfter: (accountId, fence) => ratedAfter(tx, accountId, fence),
    saveRated: (rated, now) => saveRated(tx, rated, new Date(now)),
    async park(parked, now) {
      const at = new Date(now);
      const rows = parked.map(({ usage, reason, waitsFor }) => ({
        ...rowOf(usage, at),
        state: 'parked' as const,
        reason,
        waitsFor,
        chargeCount: 0,
      }));
      await tx.execute(sql`${insertSet(usageEvents, rows)}
        on conflict (usage_id) do update set reason = excluded.reason, waits_for = excluded.waits_for,
          attempts = usage_events.attempts + 1
        where usage_events.state = 'parked'`);
    },
    parked: (usageIds) => parkedBodies(tx, isAnyOf(usageEvents.usageId, usageIds)),
    async parkedIds(limit) {
      const rows = await tx
        .select({ usageId: usageEvents.usageId })
        .from(usageEvents)
        .where(IS_PARKED)
        .orderBy(asc(usageEvents.usageId))
        .limit(limit);
      return rows.map((row) => row.usageId);
    },
    waitingFor: (names, limit) => parkedBodies(tx, isAnyOf(usageEvents.waitsFor, names), limit),
    curable: (limit) => parkedBodies(tx, IS_CURABLE, limit),
  };
}

/** The cause can be seen to be gone: the hold or the wallet is there now. In brackets, so that only parked rows are looked at. */
const IS_CURABLE = sql`(
  (${usageEvents.reason} = 'hold_not_found'
    and exists (select from holds where holds.id = substr(${usageEvents.waitsFor}, length('hold:') + 1)))
  or (${usageEvents.reason} = 'wallet_not_found'
    and exists (select from wallets where wallets.account_id = ${usageEvents.accountId}))
  or (${usageEvents.reason} = 'quote_not_found'
    and exists (select from quotes where quotes.id = substr(${usageEvents.waitsFor}, length('quote:') + 1))))`;

async function parkedBodies(tx: Tx, which: SQL, limit?: number): Promise<Usage[]> {
  const query = tx
    .select({ body: usageEvents.body })
    .from(usageEvents)
    .where(and(IS_PARKED, which))
    .orderBy(asc(usageEvents.usageId));
  const rows = await (limit === undefined ? query : query.limit(limit));
  return rows.map((row) => fromTaggedJson<Usage>(row.body));
}

async function chargedParts(tx: Tx, factIds: readonly string[]): Promise<ChargedPart[]> {
  const isOriginal = isAnyOf(chargesTable.usageId, factIds);
  const isLater = and(
    isAnyOf(chargesTable.factId, factIds),
    sql`(${chargesTable.factId} <> ${chargesTable.usageId} or ${chargesTable.revision} > 0)`,
  );
  const { factId, billLineId, day, meter } = chargesTable;
  const rows = await tx
    .select({
      factId,
      billLineId,
      day,
      meter,
      quantity: sql<string>`sum(${chargesTable.quantity})::text`,
      own: sql<string>`sum(${chargesTable.amountMicros} - ${chargesTable.writtenOffMicros})::text`,
      credited: sql<string>`sum(${chargesTable.creditedMicros} + coalesce(${creditedCharges.amountMicros}, 0))::text`,
      from: sql<Date>`min(${chargesTable.usageFrom})`.mapWith(chargesTable.usageFrom),
      to: sql<Date>`max(${chargesTable.usageTo})`.mapWith(chargesTable.usageTo),
    })
    .from(chargesTable)
    .leftJoin(creditedCharges, eq(creditedCharges.chargeId, chargesTable.id))
    .where(and(or(isOriginal, isLater), isAnyOf(factId, factIds)))
    .groupBy(factId, billLineId, day, meter);
  return rows.map(({ own, credited, ...row }) => ({
    ...row,
    quantity: BigInt(row.quantity),
    ownMicros: BigInt(own),
    creditedMicros: BigInt(credited),
    from: row.from.getTime(),
    to: row.to.getTime(),
  }));
}

async function ratedAfter(tx: Tx, accountId: string, fence: Fence): Promise<KnownUsage[]> {
  const rows = await tx
    .selectDistinctOn([usageEvents.usageId], KNOWN)
    .from(usageEvents)
    .innerJoin(chargesTable, eq(chargesTable.usageId, usageEvents.usageId))
    .innerJoin(billLines, eq(billLines.id, chargesTable.billLineId))
    .where(
      and(
        eq(billLines.accountId, accountId),
        eq(billLines.sourceKind, fence.sourceKind),
        eq(billLines.sourceId, fence.sourceId),
        gt(chargesTable.usageTo, new Date(fence.fencedAt)),
        sql`${usageEvents.supersededBy} is null`,
        sql`(${usageEvents.body} -> 'source' ->> 'epoch')::int = ${fence.epoch}`,
      ),
    );
  return rows.map(toKnown);
}

async function saveRated(tx: Tx, rated: readonly Rated[], at: Date): Promise<void> {
  const events = rated.map(({ usage, charges, factId, revision, refusedQuantity }) => ({
    ...rowOf(usage, at),
    ...{ factId, revision, refusedQuantity },
    state: 'rated' as const,
    ratedAt: at,
    chargeCount: charges.length,
  }));
  await tx.execute(sql`${insertSet(usageEvents, events)}
    on conflict (usage_id) do update set state = 'rated', reason = null, waits_for = '', rated_at = excluded.rated_at,
      fact_id = excluded.fact_id, revision = excluded.revision, refused_quantity = excluded.refused_quantity,
      charge_count = usage_events.charge_count + excluded.charge_count, body = excluded.body
    where usage_events.state = 'parked' or excluded.revision > usage_events.revision`);
  const charges = rated.flatMap((one) => one.charges.map(({ charge }) => toRow(charge, at)));
  if (charges.length > 0) await tx.execute(insertSet(chargesTable, charges));
  const corrections = rated.flatMap(({ usage }) =>
    usage.correctsUsageId === undefined ? [] : [{ before: usage.correctsUsageId, after: usage.usageId }],
  );
  if (corrections.length === 0) return;
  const before = sql.param(corrections.map((one) => one.before));
  const after = sql.param(corrections.map((one) => one.after));
  await tx.execute(sql`
    update usage_events set superseded_by = told.after
    from unnest(${before}::text[], ${after}::text[]) as told (before, after) where usage_events.usage_id = told.before`);
}

function toRow(charge: Rated['charges'][number]['charge'], createdAt: Date): typeof chargesTable.$inferInsert {
  return { ...charge, usageFrom: new Date(charge.usageFrom), usageTo: new Date(charge.usageTo), createdAt };
}

function toKnown({ state, body, factId, supersededBy, revision }: KnownRow): KnownUsage {
  const usage = fromTaggedJson<Usage>(body);
  return { usage, state, factId, revision, ...(supersededBy !== null && { supersededBy }) };
}

function rowOf(usage: Usage, receivedAt: Date) {
  const { usageId, tenant } = usage;
  return { usageId, accountId: tenant.accountId, body: toTaggedJson(usage), receivedAt };
}
