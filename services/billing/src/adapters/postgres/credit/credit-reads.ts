import type { Database } from '@suanli/postgres';
import { and, desc, eq, lt, type SQL, sql } from 'drizzle-orm';
import type { LotFilter, LotReads } from '../../../app/lots/ports.ts';
import type { VoucherReads } from '../../../app/vouchers/ports.ts';
import { legsOf, type Transfer } from '../../../domain/ledger/transfer.ts';
import { pageOf } from '../page-of.ts';
import { toTransfer } from '../rows.ts';
import { creditLots, transferLots, transfers, voucherBatches } from '../schema/index.ts';
import { toLot } from './lot-rows.ts';
import { toVoucherBatch } from './voucher-rows.ts';

/** Sees all lots of one account, and what moved one of them. */
export function lotReads(db: Database): LotReads {
  return {
    async lots(filter, page) {
      const isAfter = page.after === undefined ? undefined : lt(creditLots.id, page.after);
      const rows = await db
        .select()
        .from(creditLots)
        .where(and(eq(creditLots.accountId, filter.accountId), hasStatus(filter), isAfter))
        .orderBy(desc(creditLots.id))
        .limit(page.limit + 1);
      return pageOf(rows.map(toLot), page, (lot) => lot.id);
    },
    async lot(accountId, lotId) {
      const isIt = and(eq(creditLots.id, lotId), eq(creditLots.accountId, accountId));
      const [row] = await db.select().from(creditLots).where(isIt);
      return row && toLot(row);
    },
    async lotMovements(lotId, page) {
      const isAfter = page.after === undefined ? undefined : lt(transfers.position, BigInt(page.after));
      const rows = await db
        .select({ transfer: transfers, amountMicros: transferLots.amountMicros, walletId: creditLots.walletId })
        .from(transferLots)
        .innerJoin(transfers, eq(transfers.id, transferLots.transferId))
        .innerJoin(creditLots, eq(creditLots.id, transferLots.lotId))
        .where(and(eq(transferLots.lotId, lotId), isAfter))
        .orderBy(desc(transfers.position))
        .limit(page.limit + 1);
      const found = rows.map(({ transfer, amountMicros, walletId }) => ({
        position: transfer.position,
        movement: movementOf(toTransfer(transfer), amountMicros, walletId),
      }));
      const { rows: seen, ...rest } = pageOf(found, page, (one) => one.position.toString());
      return { ...rest, rows: seen.map((one) => one.movement) };
    },
  };
}

/** What one part of a transfer did to its lot. */
export function movementOf(transfer: Transfer, amountMicros: bigint, walletId: string) {
  const leg = legsOf({ ...transfer, amountMicros }).find((one) => one.accountId === walletId);
  const { id: transferId, code, reference, holdId, createdAt } = transfer;
  return {
    transferId,
    code,
    remainingMicros: leg?.postedMicros ?? 0n,
    reservedMicros: -(leg?.pendingMicros ?? 0n),
    reference,
    ...(holdId !== undefined && { holdId }),
    createdAt,
  };
}

/** The rule of `lotStatus`, for a database to find by. */
function hasStatus({ status, now }: LotFilter): SQL | undefined {
  const at = sql`${new Date(now).toISOString()}::timestamptz`;
  const isOver = sql`(${creditLots.expiresAt} is not null and ${creditLots.expiresAt} <= ${at})`;
  const isEmpty = sql`${creditLots.remainingMicros} = 0`;
  switch (status) {
    case '':
      return undefined;
    case 'expired':
      return sql`${isOver} and (not ${isEmpty} or ${creditLots.brokenMicros} > 0)`;
    case 'exhausted':
      return sql`${isEmpty} and not (${isOver} and ${creditLots.brokenMicros} > 0)`;
    case 'scheduled':
      return sql`not ${isOver} and not ${isEmpty} and ${creditLots.effectiveAt} > ${at}`;
    case 'active':
      return sql`not ${isOver} and not ${isEmpty} and ${creditLots.effectiveAt} <= ${at}`;
  }
}

export function voucherReads(db: Database): VoucherReads {
  const redemptions = sql<number>`(
    select coalesce(sum(redemptions), 0)::integer from voucher_codes where voucher_codes.batch_id = ${voucherBatches.id})`;
  const select = () => db.select({ batch: voucherBatches, redemptions }).from(voucherBatches);
  const toView = (row: { batch: typeof voucherBatches.$inferSelect; redemptions: number }) => ({
    ...toVoucherBatch(row.batch),
    redemptions: row.redemptions,
  });
  return {
    async voucherBatches(page) {
      const isAfter = page.after === undefined ? undefined : lt(voucherBatches.id, page.after);
      const rows = await select()
        .where(isAfter)
        .orderBy(desc(voucherBatches.id))
        .limit(page.limit + 1);
      return pageOf(rows.map(toView), page, (batch) => batch.id);
    },
    async voucherBatch(batchId) {
      const [row] = await select().where(eq(voucherBatches.id, batchId));
      return row && toView(row);
    },
  };
}
