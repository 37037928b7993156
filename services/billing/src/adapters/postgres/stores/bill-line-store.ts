import type { Tx } from '@suanli/postgres';
import { and, eq, or, sql } from 'drizzle-orm';
import type { BillLineStore } from '../../../app/ports.ts';
import { fromBillLine, toBillLine } from '../rows.ts';
import { billLines } from '../schema/index.ts';

export function billLineStore(tx: Tx): BillLineStore {
  return {
    async ofResources(usages) {
      const resources = new Map(
        usages.map((usage) => [`${usage.tenant.accountId}/${usage.source.kind}/${usage.source.id}`, usage]),
      );
      const rows = await tx
        .select()
        .from(billLines)
        .where(
          or(
            ...[...resources.values()].map(({ tenant, source }) =>
              and(
                eq(billLines.accountId, tenant.accountId),
                eq(billLines.sourceKind, source.kind),
                eq(billLines.sourceId, source.id),
              ),
            ),
          ),
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
  };
}
