import type { Tx } from '@suanli/postgres';
import { and, asc, gt, inArray, isNull, lte, sql } from 'drizzle-orm';
import type { LotStore, SharedTotal } from '../../../app/lots/ports.ts';
import type { Lot } from '../../../domain/lot/lot.ts';
import { fromLot, toLot } from './lot-rows.ts';
import { creditLots } from '../schema/index.ts';

/** Lots are made here, and empty: what is in them moves with `transfer_lots`, which the ledger store writes. */
export function lotStore(tx: Tx): LotStore {
  return {
    async funded(walletIds) {
      const isFunded = and(inArray(creditLots.walletId, [...walletIds]), gt(creditLots.remainingMicros, 0n));
      return (await tx.select().from(creditLots).where(isFunded)).map(toLot);
    },
    find: (lotIds) => findLots(tx, lotIds),
    async insert(lots) {
      await tx.execute(insertLots(lots.map(fromLot)));
    },
    async spentOn(references, totals = []) {
      const rows = await tx.execute<{ reference: string; shared: string | null; lot_id: string; amount: string }>(sql`
        with wanted as (
          select id as reference, null as shared from unnest(${sql.param([...references])}::text[]) as line (id)
          union all
          select lines.id, total.shared
          from ${totalsOf(totals)} as total (account_id, price_id, discount_id, period, shared)
          join bill_lines lines using (account_id, price_id, discount_id, period)
        )
        select wanted.reference, wanted.shared, parts.lot_id,
          sum(case when t.to_account_id = lot.wallet_id then -parts.amount_micros else parts.amount_micros end)::text as amount
        from wanted join transfer_lots parts on parts.reference = wanted.reference
        join credit_lots lot on lot.id = parts.lot_id
        join transfers t on t.id = parts.transfer_id and t.kind in ('post', 'post_pending', 'reversal')
        group by wanted.reference, wanted.shared, parts.lot_id`);
      const spent = rows.rows.map(({ reference, shared, lot_id: lotId, amount }) => ({
        reference,
        ...(shared !== null && { group: shared }),
        lotId,
        amountMicros: BigInt(amount),
      }));
      return { spent, lots: await findLots(tx, [...new Set(spent.map((one) => one.lotId))]) };
    },
    async findExpired(now, limit) {
      const rows = await tx
        .select()
        .from(creditLots)
        .where(and(lte(creditLots.expiresAt, new Date(now)), sql`remaining_micros > reserved_micros`))
        .orderBy(asc(creditLots.expiresAt))
        .limit(limit);
      return rows.map(toLot);
    },
    async findToWarn(until, limit) {
      const isUntold = and(sql`remaining_micros > 0`, isNull(creditLots.warnedAt));
      const rows = await tx
        .select()
        .from(creditLots)
        .where(and(isUntold, lte(creditLots.expiresAt, new Date(until))))
        .orderBy(asc(creditLots.expiresAt))
        .limit(limit);
      return rows.map(toLot);
    },
    async markWarned(lotIds, now) {
      await tx
        .update(creditLots)
        .set({ warnedAt: new Date(now) })
        .where(inArray(creditLots.id, [...lotIds]));
    },
  };
}

async function findLots(tx: Tx, lotIds: readonly string[]): Promise<Lot[]> {
  if (lotIds.length === 0) return [];
  const rows = await tx
    .select()
    .from(creditLots)
    .where(inArray(creditLots.id, [...lotIds]));
  return rows.map(toLot);
}

/** The columns that the service may write, by name: an insert that named the others, even by default, would be refused. */
function insertLots(rows: ReturnType<typeof fromLot>[]) {
  const values = rows.map(
    (row) => sql`(${row.id}, ${row.walletId}, ${row.accountId}, ${row.kind}, ${row.priority}::integer,
      ${row.effectiveAt.toISOString()}::timestamptz, ${row.expiresAt?.toISOString() ?? null}::timestamptz,
      ${sql.param(row.products)}::text[], ${sql.param(row.items)}::text[], ${sql.param(row.regions)}::text[],
      ${row.grantedMicros}::bigint, ${row.reason}, ${row.reference}, ${row.createdAt.toISOString()}::timestamptz)`,
  );
  return sql`insert into credit_lots (id, wallet_id, account_id, kind, priority, effective_at, expires_at, products, items,
    regions, granted_micros, reason, reference, created_at) values ${sql.join(values, sql`, `)}`;
}

function totalsOf(totals: readonly SharedTotal[]) {
  const column = (valueOf: (total: SharedTotal) => string) => sql.param(totals.map(valueOf));
  return sql`unnest(${column((one) => one.accountId)}::text[], ${column((one) => one.priceId)}::text[],
    ${column((one) => one.discountId)}::text[], ${column((one) => one.period)}::text[],
    ${column((one) => one.reference)}::text[])`;
}
