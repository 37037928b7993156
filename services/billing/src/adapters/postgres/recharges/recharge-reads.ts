import type { Database } from '@suanli/postgres';
import { and, asc, desc, eq, gt, lt, lte, type SQL } from 'drizzle-orm';
import type { Page, PageQuery, Visible } from '../../../app/read-ports.ts';
import type { RechargeReads } from '../../../app/recharges/ports.ts';
import { debts, incomingPayments, rechargeMovements, recharges } from '../schema/index.ts';
import { toMovement, toPayment, toRecharge } from './recharge-rows.ts';

/** A recharge has few movements: a receipt, refunds, disputes. */
const MAX_MOVEMENTS = 500;

export function rechargeReads(db: Database): RechargeReads {
  return {
    async recharges(visible, page, status) {
      const isAsked = status === '' ? undefined : eq(recharges.status, status as 'created');
      const rows = await db
        .select()
        .from(recharges)
        .where(and(sees(visible), isAsked, page.after === undefined ? undefined : lt(recharges.id, page.after)))
        .orderBy(desc(recharges.id))
        .limit(page.limit + 1);
      return pageOf(rows.map(toRecharge), page, (one) => one.id);
    },
    async recharge(rechargeId, visible) {
      const isSeen = visible === undefined ? undefined : sees(visible);
      const [row] = await db
        .select()
        .from(recharges)
        .where(and(eq(recharges.id, rechargeId), isSeen));
      return row && toRecharge(row);
    },
    async rechargeOfProvider(channel, providerId) {
      const isIt = and(eq(recharges.channel, channel), eq(recharges.providerId, providerId));
      const [row] = await db.select().from(recharges).where(isIt);
      return row && toRecharge(row);
    },
    async movements(rechargeId) {
      const rows = await db
        .select()
        .from(rechargeMovements)
        .where(eq(rechargeMovements.rechargeId, rechargeId))
        .orderBy(asc(rechargeMovements.createdAt), asc(rechargeMovements.id))
        .limit(MAX_MOVEMENTS);
      return rows.map(toMovement);
    },
    async dueRecharges(now, limit) {
      const rows = await db
        .select()
        .from(recharges)
        .where(lte(recharges.nextCheckAt, new Date(now)))
        .orderBy(asc(recharges.nextCheckAt))
        .limit(limit);
      return rows.map(toRecharge);
    },
    async incomingPayments(page, state) {
      const isAsked = state === '' ? undefined : eq(incomingPayments.state, state as 'booked');
      const rows = await db
        .select()
        .from(incomingPayments)
        .where(and(isAsked, page.after === undefined ? undefined : lt(incomingPayments.id, page.after)))
        .orderBy(desc(incomingPayments.id))
        .limit(page.limit + 1);
      return pageOf(rows.map(toPayment), page, (one) => one.id);
    },
    async debt(accountId) {
      const [row] = await db.select({ owed: debts.owedMicros }).from(debts).where(eq(debts.accountId, accountId));
      return row?.owed ?? 0n;
    },
    async debts(page) {
      const rows = await db
        .select()
        .from(debts)
        .where(and(gt(debts.owedMicros, 0n), page.after === undefined ? undefined : gt(debts.accountId, page.after)))
        .orderBy(asc(debts.accountId))
        .limit(page.limit + 1);
      const owing = rows.map((row) => ({ ...row, updatedAt: row.updatedAt.getTime() }));
      return pageOf(owing, page, (one) => one.accountId);
    },
  };
}

/** Money is the account's: all its workspaces see how it came in; a sub-account sees what it paid in itself. */
function sees(visible: Visible): SQL | undefined {
  const isOfAccount = eq(recharges.accountId, visible.accountId);
  if (visible.subAccountId === undefined) return isOfAccount;
  return and(isOfAccount, eq(recharges.subAccountId, visible.subAccountId));
}

function pageOf<Row>(found: Row[], { limit }: PageQuery, keyOf: (row: Row) => string): Page<Row> {
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  const hasMore = found.length > limit;
  return { rows, hasMore, ...(hasMore && last !== undefined && { nextKey: keyOf(last) }) };
}
