import { bigint, text, timestamp } from 'drizzle-orm/pg-core';

/** Money: whole micro-yuan. */
export const micros = (name: string) => bigint(name, { mode: 'bigint' });
export const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3, mode: 'date' });
export const tenant = () => ({
  accountId: text('account_id').notNull(),
  /** Empty when the account acts for itself. */
  subAccountId: text('sub_account_id').notNull(),
  workspaceId: text('workspace_id').notNull(),
  principalId: text('principal_id').notNull(),
});
