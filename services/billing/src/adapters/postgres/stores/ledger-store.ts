import { CURRENCY } from '@suanli/kernel';
import type { Tx } from '@suanli/postgres';
import { inArray, or, sql } from 'drizzle-orm';
import type { LedgerStore } from '../../../app/ports.ts';
import type { Transfer } from '../../../domain/ledger/transfer.ts';
import { toTransfer } from '../rows.ts';
import { accounts, transferLots, transfers } from '../schema/index.ts';

/** Transfers only: a trigger makes the entries and moves the balances of the wallets in the same statement. */
export function ledgerStore(tx: Tx): LedgerStore {
  return {
    async book(booked) {
      await tx.execute(sql`
        insert into transfers
          (id, kind, code, from_account_id, to_account_id, amount_micros, hold_id, reversal_of, reference, created_at)
        select * from unnest(
          ${column(booked, (one) => one.id)}::text[], ${column(booked, (one) => one.kind)}::text[],
          ${column(booked, (one) => one.code)}::text[], ${column(booked, (one) => one.fromAccountId)}::text[],
          ${column(booked, (one) => one.toAccountId)}::text[], ${column(booked, (one) => one.amountMicros)}::bigint[],
          ${column(booked, (one) => one.holdId ?? null)}::text[],
          ${column(booked, (one) => one.reversalOf ?? null)}::text[],
          ${column(booked, (one) => one.reference)}::text[],
          ${column(booked, (one) => new Date(one.createdAt).toISOString())}::timestamptz[])`);
      await bookLotParts(tx, booked);
    },
    async find(ids) {
      if (ids.length === 0) return [];
      const rows = await tx
        .select()
        .from(transfers)
        .where(or(inArray(transfers.id, [...ids]), inArray(transfers.reversalOf, [...ids])));
      return rows.map(toTransfer);
    },
    async knownAccounts(ids) {
      if (ids.length === 0) return [];
      const rows = await tx
        .select({ id: accounts.id })
        .from(accounts)
        .where(inArray(accounts.id, [...ids]));
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

/** One array per column: a batch is one statement with a fixed number of parameters, whatever its size. */
function column(booked: readonly Transfer[], valueOf: (transfer: Transfer) => string | bigint | null) {
  return sql.param(booked.map(valueOf));
}
