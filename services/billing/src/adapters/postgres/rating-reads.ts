import type { Database } from '@suanli/postgres';
import { and, asc, eq, gt, inArray, sql } from 'drizzle-orm';
import type { ParkedFilter, RatingReads, LineEvidence } from '../../app/rating/read-ports.ts';
import type { PageQuery, Visible } from '../../app/read-ports.ts';
import type { Charge } from '../../domain/rating/charge.ts';
import type { ParkReason, Usage } from '../../domain/rating/usage.ts';
import { addLotParts } from './credit/add-lot-parts.ts';
import { pageOf } from './page-of.ts';
import { toBillLine, toDiscount, toHold, toPrice, toTransfer } from './rows.ts';
import { billLines, charges, discounts, holds, periodTotals, prices, transfers, usageEvents } from './schema/index.ts';
import { IS_PARKED } from './stores/usage-store.ts';
import { fromTaggedJson } from './tagged-json.ts';

/** Charges of one line that one answer carries. */
const MAX_CHARGES = 1_000;

export function ratingReads(db: Database): RatingReads {
  return {
    parkedUsage: (filter, page) => parkedUsage(db, filter, page),
    async parkedUsageCount() {
      return db.$count(usageEvents, IS_PARKED);
    },
    evidence: (visible, billLineId) => evidence(db, visible, billLineId),
  };
}

async function parkedUsage(db: Database, { reason, accountId, sourceId }: ParkedFilter, page: PageQuery) {
  const rows = await db
    .select()
    .from(usageEvents)
    .where(
      and(
        IS_PARKED,
        reason === '' ? undefined : eq(usageEvents.reason, reason),
        accountId === '' ? undefined : eq(usageEvents.accountId, accountId),
        sourceId === '' ? undefined : sql`${usageEvents.body} -> 'source' ->> 'id' = ${sourceId}`,
        page.after === undefined ? undefined : gt(usageEvents.usageId, page.after),
      ),
    )
    .orderBy(asc(usageEvents.usageId))
    .limit(page.limit + 1);
  const views = rows.map(({ usageId, accountId, reason, waitsFor, attempts, receivedAt, body }) => ({
    ...{ usageId, accountId, waitsFor, attempts },
    reason: reason as ParkReason,
    parkedAt: receivedAt.getTime(),
    usage: fromTaggedJson<Usage>(body),
  }));
  return pageOf(views, page, (usage) => usage.usageId);
}

async function evidence(db: Database, visible: Visible, billLineId: string): Promise<LineEvidence | undefined> {
  const [row] = await db
    .select()
    .from(billLines)
    .where(
      and(
        eq(billLines.id, billLineId),
        eq(billLines.accountId, visible.accountId),
        // What makes up for a commitment is of no workspace: every reader of the account sees it.
        sql`${billLines.workspaceId} in (${visible.workspaceId}, '')`,
        visible.subAccountId === undefined ? undefined : eq(billLines.subAccountId, visible.subAccountId),
      ),
    );
  if (row === undefined) return undefined;
  const line = toBillLine(row);
  const [price] = await db.select().from(prices).where(eq(prices.id, line.priceId));
  if (price === undefined) return undefined;
  const made = await db
    .select()
    .from(charges)
    .where(eq(charges.billLineId, line.id))
    .orderBy(asc(charges.createdAt), asc(charges.usageFrom), asc(charges.id))
    .limit(MAX_CHARGES);
  const events = await eventsOf(db, [...new Set(made.map((one) => one.usageId))]);
  const [discount] =
    line.discountId === '' ? [] : await db.select().from(discounts).where(eq(discounts.id, line.discountId));
  const booked = await db
    .select()
    .from(transfers)
    .where(eq(transfers.reference, line.id))
    .orderBy(asc(transfers.position))
    .limit(MAX_CHARGES);
  const holdIds = [...new Set(booked.flatMap((one) => one.holdId ?? []))];
  const held = holdIds.length === 0 ? [] : await db.select().from(holds).where(inArray(holds.id, holdIds));
  const count = await db.$count(charges, eq(charges.billLineId, line.id));
  return {
    line,
    charges: made.map(toCharge),
    usages: events,
    price: toPrice(price),
    discount: discount && toDiscount(discount),
    holds: held.map(toHold),
    transfers: await addLotParts(db, booked.map(toTransfer)),
    total: line.period === '' ? undefined : await totalOf(db, line),
    moreCharges: count - made.length,
  };
}

async function eventsOf(db: Database, usageIds: readonly string[]): Promise<Usage[]> {
  if (usageIds.length === 0) return [];
  const rows = await db
    .select({ body: usageEvents.body })
    .from(usageEvents)
    .where(inArray(usageEvents.usageId, [...usageIds]));
  return rows.map((row) => fromTaggedJson<Usage>(row.body));
}

async function totalOf(db: Database, line: LineEvidence['line']) {
  const [row] = await db
    .select()
    .from(periodTotals)
    .where(
      and(
        eq(periodTotals.accountId, line.tenant.accountId),
        eq(periodTotals.period, line.period),
        eq(periodTotals.priceId, line.priceId),
        eq(periodTotals.discountId, line.discountId),
      ),
    );
  return row;
}

function toCharge({ writeOffReason, ...row }: typeof charges.$inferSelect): Charge {
  return {
    ...row,
    usageFrom: row.usageFrom.getTime(),
    usageTo: row.usageTo.getTime(),
    createdAt: row.createdAt.getTime(),
    ...(writeOffReason !== null && { writeOffReason: writeOffReason as NonNullable<Charge['writeOffReason']> }),
  };
}
