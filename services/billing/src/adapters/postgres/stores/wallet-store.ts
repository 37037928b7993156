import { isAnyOf, type Tx } from '@suanli/postgres';
import { asc, or, sql } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import type { WalletStore } from '../../../app/ports.ts';
import { toWallet } from '../rows.ts';
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
      const rows = await tx
        .select()
        .from(wallets)
        .where(or(...named(wallets.accountId, accountIds), ...named(wallets.id, walletIds)))
        .orderBy(asc(wallets.id))
        .for('no key update');
      return rows.map(toWallet);
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
