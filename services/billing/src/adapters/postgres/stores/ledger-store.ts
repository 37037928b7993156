import { CURRENCY } from '@suanli/kernel';
import type { Tx } from '@suanli/postgres';
import type { LedgerStore } from '../../../app/ports.ts';
import { accounts, transfers } from '../schema/index.ts';

/** Transfers only: a trigger makes the entries and moves the balances of the wallets in the same statement. */
export function ledgerStore(tx: Tx): LedgerStore {
  return {
    async book(booked) {
      await tx.insert(transfers).values(
        booked.map(({ createdAt, holdId, ...transfer }) => ({
          ...transfer,
          holdId: holdId ?? null,
          createdAt: new Date(createdAt),
        })),
      );
    },
    async openPlatformAccount(id, kind, now) {
      await tx
        .insert(accounts)
        .values({ id, kind, currency: CURRENCY, createdAt: new Date(now) })
        .onConflictDoNothing();
    },
  };
}
