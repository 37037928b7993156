import { isAnyOf, type Tx } from '@suanli/postgres';
import { or, sql } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import type { WalletStore } from '../../../app/ports.ts';
import type { Standing } from '../../../domain/arrears/standing.ts';
import type { Wallet } from '../../../domain/ledger/wallet.ts';
import { wallets } from '../schema/index.ts';

export function walletStore(tx: Tx): WalletStore {
  return {
    async open({ id, accountId, currency, createdAt }) {
      const at = new Date(createdAt).toISOString();
      // One statement: of two concurrent openings the later one leaves neither a wallet nor an account behind.
      await tx.execute(sql`
        with opened as (
          insert into wallets (id, account_id, currency, created_at)
          values (${id}, ${accountId}, ${currency}, ${at}::timestamptz)
          on conflict (account_id) do nothing returning id, currency, created_at
        )
        insert into accounts (id, kind, currency, created_at) select id, 'wallet', currency, created_at from opened`);
    },
    async lockInOrder(accountIds, walletIds = []) {
      const { rows } = await tx.execute<LockedWallet>(sql`
        select id, account_id, currency, posted_micros, pending_micros, lot_remaining_micros, lot_reserved_micros,
          lot_count, overdraft_micros, status, level, standing_state, ${millis('standing_since')},
          ${millis('standing_next_at')}, standing_reason, standing_version, has_budgets, has_debt, sequence, ${millis('created_at')}
        from wallets where ${or(...named(wallets.accountId, accountIds), ...named(wallets.id, walletIds))}
        order by id for no key update`);
      return rows.map(fromLocked);
    },
    async saveLevels(changed) {
      const ids = sql.param(changed.map((wallet) => wallet.id));
      const levels = sql.param(changed.map((wallet) => wallet.level));
      await tx.execute(sql`
        update wallets set level = told.level
        from unnest(${ids}::text[], ${levels}::text[]) as told (id, level) where wallets.id = told.id`);
    },
  };
}

/** Nothing named is no condition, so that each of the two indexes is asked only when it is needed. */
function named(column: PgColumn, ids: readonly string[]) {
  return ids.length === 0 ? [] : [isAnyOf(column, ids)];
}

function millis(column: string) {
  return sql`extract(epoch from ${sql.identifier(column)})::float8 * 1000 as ${sql.identifier(column)}`;
}

/** A row as the driver gives it: the hot path reads hundreds of them in one batch. */
type LockedWallet = {
  id: string;
  account_id: string;
  currency: string;
  posted_micros: string;
  pending_micros: string;
  lot_remaining_micros: string;
  lot_reserved_micros: string;
  lot_count: number;
  overdraft_micros: string;
  status: Wallet['status'];
  level: Wallet['level'];
  standing_state: Standing['state'];
  standing_since: number | null;
  standing_next_at: number | null;
  standing_reason: Standing['reason'];
  standing_version: string;
  has_budgets: boolean;
  has_debt: boolean;
  sequence: string;
  created_at: number;
};

function fromLocked(row: LockedWallet): Wallet {
  return {
    id: row.id,
    accountId: row.account_id,
    currency: row.currency,
    postedMicros: BigInt(row.posted_micros),
    pendingMicros: BigInt(row.pending_micros),
    lotRemainingMicros: BigInt(row.lot_remaining_micros),
    lotReservedMicros: BigInt(row.lot_reserved_micros),
    lotCount: row.lot_count,
    overdraftMicros: BigInt(row.overdraft_micros),
    status: row.status,
    level: row.level,
    standing: {
      state: row.standing_state,
      ...(row.standing_since !== null && { since: Math.round(row.standing_since) }),
      ...(row.standing_next_at !== null && { nextAt: Math.round(row.standing_next_at) }),
      reason: row.standing_reason,
      version: BigInt(row.standing_version),
    },
    hasBudgets: row.has_budgets,
    hasDebt: row.has_debt,
    sequence: BigInt(row.sequence),
    createdAt: Math.round(row.created_at),
  };
}
