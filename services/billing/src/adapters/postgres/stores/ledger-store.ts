import { CURRENCY } from '@suanli/kernel';
import { insertSet, isAnyOf, type Tx } from '@suanli/postgres';
import { or } from 'drizzle-orm';
import type { LedgerStore } from '../../../app/ports.ts';
import type { Transfer } from '../../../domain/ledger/transfer.ts';
import { fromTransfer, toTransfer } from '../rows.ts';
import { accounts, transferLots, transfers } from '../schema/index.ts';

/** Transfers only: a trigger makes the entries and moves the balances of the wallets in the same statement. */
export function ledgerStore(tx: Tx): LedgerStore {
  return {
    async book(booked) {
      await tx.execute(insertSet(transfers, booked.map(fromTransfer)));
      await bookLotParts(tx, booked);
    },
    async find(ids) {
      if (ids.length === 0) return [];
      const rows = await tx
        .select()
        .from(transfers)
        .where(or(isAnyOf(transfers.id, ids), isAnyOf(transfers.reversalOf, ids)));
      return rows.map(toTransfer);
    },
    async knownAccounts(ids) {
      if (ids.length === 0) return [];
      const rows = await tx.select({ id: accounts.id }).from(accounts).where(isAnyOf(accounts.id, ids));
      return rows.map((row) => row.id);
    },
    async openPlatformAccount(id, kind, now) {
      await tx
        .insert(accounts)
        .values({ id, kind, currency: CURRENCY, createdAt: new Date(now) })
        .onConflictDoNothing();
    },
  };
}

/** Which lots the transfers moved: a statement of its own, for batches that touch credit alone. */
async function bookLotParts(tx: Tx, booked: readonly Transfer[]): Promise<void> {
  const parts = booked.flatMap(({ id, reference, lotParts = [] }) =>
    lotParts.map((part) => ({ ...part, transferId: id, reference })),
  );
  if (parts.length > 0) await tx.insert(transferLots).values(parts);
}
