import { insertSet, isAnyOf, type Tx } from '@suanli/postgres';
import { and, eq, getTableColumns, or, sql } from 'drizzle-orm';
import type { BillLineStore } from '../../../app/rating/ports.ts';
import { fromBillLine, toBillLine } from '../rows.ts';
import { billLines, periodTotals } from '../schema/index.ts';

export function billLineStore(tx: Tx): BillLineStore {
  return {
    async ofResources(usages, periods) {
      const resources = new Map(
        usages.map(({ tenant, source }) => [
          JSON.stringify([tenant.accountId, source.kind, source.id]),
          [tenant.accountId, source.kind, source.id] as const,
        ]),
      );
      const column = (place: 0 | 1 | 2) => sql.param([...resources.values()].map((one) => one[place]));
      const asked = sql`unnest(${column(0)}::text[], ${column(1)}::text[], ${column(2)}::text[]) as asked (account, kind, id)`;
      const rows = await tx
        .select(getTableColumns(billLines))
        .from(asked)
        .innerJoin(
          billLines,
          sql`${billLines.accountId} = asked.account and ${billLines.sourceKind} = asked.kind and ${billLines.sourceId} = asked.id`,
        )
        .where(or(eq(billLines.period, ''), isAnyOf(billLines.period, periods)));
      return rows.map(toBillLine);
    },
    async withTotals(lineIds) {
      const lines = await tx.select().from(billLines).where(isAnyOf(billLines.id, lineIds));
      if (lines.every((line) => line.period === '')) return { lines: lines.map(toBillLine), totals: [] };
      const totals = await tx
        .select()
        .from(periodTotals)
        .where(sql`exists (
        select from bill_lines line where line.id = any(${sql.param([...lineIds])}::text[])
          and (line.account_id, line.period, line.price_id, line.discount_id) = (${periodTotals.accountId},
            ${periodTotals.period}, ${periodTotals.priceId}, ${periodTotals.discountId}))`);
      return { lines: lines.map(toBillLine), totals };
    },
    async save(lines) {
      await tx.execute(sql`${insertSet(billLines, lines.map(fromBillLine))}
        on conflict (id) do update set quantity = excluded.quantity, amount_micros = excluded.amount_micros,
          written_off_micros = excluded.written_off_micros, refunded_micros = excluded.refunded_micros,
          credited_micros = excluded.credited_micros, hold_id = excluded.hold_id,
          usage_from = excluded.usage_from, usage_to = excluded.usage_to, version = excluded.version,
          updated_at = excluded.updated_at`);
    },
    async totals({ accountIds, priceIds, periods }) {
      return tx
        .select()
        .from(periodTotals)
        .where(
          and(
            isAnyOf(periodTotals.accountId, accountIds),
            isAnyOf(periodTotals.priceId, new Set(priceIds)),
            isAnyOf(periodTotals.period, periods),
          ),
        );
    },
    async saveTotals(totals) {
      await tx.execute(sql`${insertSet(periodTotals, totals)}
        on conflict (account_id, period, price_id, discount_id) do update set quantity = excluded.quantity,
          amount_micros = excluded.amount_micros, written_off_micros = excluded.written_off_micros,
          refunded_micros = excluded.refunded_micros, credited_micros = excluded.credited_micros,
          version = excluded.version`);
    },
  };
}
