import { pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { instant, micros, tenant } from './columns.ts';
import { wallets } from './ledger.ts';

export const recharges = pgTable(
  'recharges',
  {
    id: text('id').primaryKey(),
    walletId: text('wallet_id')
      .notNull()
      .references(() => wallets.id),
    ...tenant(),
    channel: text('channel').notNull(),
    amountMicros: micros('amount_micros').notNull(),
    currency: text('currency').notNull(),
    serialNumber: text('serial_number').notNull(),
    createdAt: instant('created_at').notNull(),
  },
  (t) => [uniqueIndex('recharges_serial').on(t.channel, t.serialNumber)],
);
