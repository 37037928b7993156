import type { Tx } from '@suanli/postgres';
import { and, getTableColumns, inArray, sql } from 'drizzle-orm';
import type { BillLineStore } from '../../../app/rating/ports.ts';
import { fromBillLine, toBillLine } from '../rows.ts';
import { billLines, periodTotals } from '../schema/index.ts';

export function billLineStore(tx: Tx): BillLineStore {
  return {
    async ofResources(usages) {
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
        );
      return rows.map(toBillLine);
    },
    async save(lines) {
      await tx
        .insert(billLines)
        .values(lines.map(fromBillLine))
        .onConflictDoUpdate({
          target: billLines.id,
          set: {
            quantity: sql`excluded.quantity`,
            amountMicros: sql`excluded.amount_micros`,
            writtenOffMicros: sql`excluded.written_off_micros`,
            holdId: sql`excluded.hold_id`,
            usageFrom: sql`excluded.usage_from`,
            usageTo: sql`excluded.usage_to`,
            version: sql`excluded.version`,
            updatedAt: sql`excluded.updated_at`,
          },
        });
    },
    async totals({ accountIds, priceIds }) {
      return tx
        .select()
        .from(periodTotals)
        .where(
          and(inArray(periodTotals.accountId, [...accountIds]), inArray(periodTotals.priceId, [...new Set(priceIds)])),
        );
    },
    async saveTotals(totals) {
      const { accountId, period, priceId, discountId } = periodTotals;
      await tx
        .insert(periodTotals)
        .values([...totals])
        .onConflictDoUpdate({
          target: [accountId, period, priceId, discountId],
          set: {
            quantity: sql`excluded.quantity`,
            amountMicros: sql`excluded.amount_micros`,
            writtenOffMicros: sql`excluded.written_off_micros`,
            version: sql`excluded.version`,
          },
        });
    },
  };
}
