import { createHash } from 'node:crypto';
import type { Tx } from '@suanli/postgres';
import { and, asc, desc, gt, lte, sql } from 'drizzle-orm';
import type { SealStore } from '../../../app/ledger/seal-ledger.ts';
import type { PlacedTransfer, Seal } from '../../../domain/ledger/seal.ts';
import { addLotParts } from '../credit/add-lot-parts.ts';
import { toTransfer } from '../rows.ts';
import { ledgerSeals, transfers } from '../schema/index.ts';

export function sealStore(tx: Tx): SealStore {
  return {
    async last() {
      const [row] = await tx.select().from(ledgerSeals).orderBy(desc(ledgerSeals.number)).limit(1);
      return row && toSeal(row);
    },
    transfers: (after, upTo, limit) => placedTransfers(tx, after, upTo, limit),
    async append(seal) {
      await tx.insert(ledgerSeals).values({ ...seal, sealedAt: new Date(seal.sealedAt) });
    },
  };
}

/** With the credit lots that they moved. */
export async function placedTransfers(tx: Tx, after: bigint, upTo: bigint, limit: number): Promise<PlacedTransfer[]> {
  const rows = await tx
    .select()
    .from(transfers)
    .where(and(gt(transfers.position, after), lte(transfers.position, upTo)))
    .orderBy(asc(transfers.position))
    .limit(limit);
  const positions = new Map(rows.map((row) => [row.id, row.position]));
  const booked = await addLotParts(tx, rows.map(toTransfer));
  return booked.map((transfer) => ({ ...transfer, position: positions.get(transfer.id) ?? 0n }));
}

export function toSeal(row: typeof ledgerSeals.$inferSelect): Seal {
  return { ...row, sealedAt: row.sealedAt.getTime() };
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** How far the ledger is written now, and which transactions may still be writing behind that. */
export type Horizon = { position: bigint; nextTransaction: bigint; oldestRunning: bigint };

/**
 * Positions are drawn before their transactions commit, so a lower one may appear after a higher one. Whoever draws one has
 * a transaction id already (`begin_booking`): once every transaction that was running when `position` was read has ended,
 * nothing can appear at or below it any more.
 */
export async function readHorizon(tx: Tx): Promise<Horizon> {
  const { rows } = await tx.execute<{ position: string; next: string; oldest: string }>(sql`
    select coalesce((select max(position) from transfers), 0)::text as position,
      pg_snapshot_xmax(pg_current_snapshot())::text as next, pg_snapshot_xmin(pg_current_snapshot())::text as oldest`);
  const [row] = rows;
  return {
    position: BigInt(row?.position ?? 0),
    nextTransaction: BigInt(row?.next ?? 0),
    oldestRunning: BigInt(row?.oldest ?? 0),
  };
}
