import { isAnyOf, type Tx } from '@suanli/postgres';
import { asc } from 'drizzle-orm';
import type { LotPart, Transfer } from '../../../domain/ledger/transfer.ts';
import { transferLots } from '../schema/index.ts';

/** The transfers with the credit lots that they moved. */
export async function addLotParts(db: Pick<Tx, 'select'>, booked: readonly Transfer[]): Promise<Transfer[]> {
  if (booked.length === 0) return [];
  const ids = booked.map((transfer) => transfer.id);
  const rows = await db
    .select()
    .from(transferLots)
    .where(isAnyOf(transferLots.transferId, ids))
    .orderBy(asc(transferLots.lotId));
  const parts = new Map<string, LotPart[]>();
  for (const { transferId, lotId, amountMicros } of rows) {
    parts.set(transferId, [...(parts.get(transferId) ?? []), { lotId, amountMicros }]);
  }
  return booked.map((transfer) => {
    const lotParts = parts.get(transfer.id);
    return lotParts === undefined ? transfer : { ...transfer, lotParts };
  });
}
