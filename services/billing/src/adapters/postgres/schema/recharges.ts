import { sql } from 'drizzle-orm';
import { bigint, check, index, integer, jsonb, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { instant, micros, tenant } from './columns.ts';
import { wallets } from './ledger.ts';

/** Wishes to put money in, and what has become of them. Changed under the lock of their wallet. */
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
    status: text('status').$type<'created' | 'pending' | 'succeeded' | 'failed' | 'expired'>().notNull(),
    reference: text('reference').notNull(),
    /** Empty until the provider has given one. */
    providerId: text('provider_id').notNull(),
    instructions: jsonb('instructions').$type<Record<string, string>>().notNull(),
    reason: text('reason').notNull(),
    receivedMicros: micros('received_micros').notNull(),
    refundedMicros: micros('refunded_micros').notNull(),
    disputedMicros: micros('disputed_micros').notNull(),
    expiresAt: instant('expires_at').notNull(),
    nextCheckAt: instant('next_check_at'),
    checkCount: integer('check_count').notNull(),
    version: bigint('version', { mode: 'bigint' }).notNull(),
    createdAt: instant('created_at').notNull(),
    updatedAt: instant('updated_at').notNull(),
  },
  (t) => [
    check('recharges_status', sql`${t.status} in ('created', 'pending', 'succeeded', 'failed', 'expired')`),
    check('recharges_amounts', sql`${t.amountMicros} > 0 and ${t.receivedMicros} >= 0`),
    check('recharges_taken_back', sql`${t.refundedMicros} >= 0 and ${t.disputedMicros} >= 0`),
    check('recharges_succeeded', sql`(${t.status} = 'succeeded') = (${t.receivedMicros} > 0)`),
    uniqueIndex('recharges_reference').on(t.channel, t.reference),
    uniqueIndex('recharges_provider').on(t.channel, t.providerId).where(sql`provider_id <> ''`),
    index('recharges_tenant').on(t.accountId, t.id),
    index('recharges_due').on(t.nextCheckAt).where(sql`next_check_at is not null`),
  ],
);

/** Proven movements of money between a channel and a wallet: append-only, each once. */
export const rechargeMovements = pgTable(
  'recharge_movements',
  {
    id: text('id').primaryKey(),
    rechargeId: text('recharge_id')
      .notNull()
      .references(() => recharges.id),
    walletId: text('wallet_id')
      .notNull()
      .references(() => wallets.id),
    channel: text('channel').notNull(),
    serialNumber: text('serial_number').notNull(),
    kind: text('kind').$type<'receipt' | 'refund' | 'refund_returned' | 'dispute' | 'dispute_returned'>().notNull(),
    amountMicros: micros('amount_micros').notNull(),
    walletMicros: micros('wallet_micros').notNull(),
    owedMicros: micros('owed_micros').notNull(),
    createdAt: instant('created_at').notNull(),
  },
  (t) => [
    check('recharge_movements_amount', sql`${t.amountMicros} > 0`),
    check('recharge_movements_parts', sql`${t.walletMicros} >= 0 and ${t.owedMicros} >= 0`),
    check(
      'recharge_movements_sum',
      sql`${t.walletMicros} + ${t.owedMicros} = ${t.amountMicros}
        or (${t.walletMicros} + ${t.owedMicros} = 0 and ${t.kind} in ('refund', 'refund_returned'))`,
    ),
    uniqueIndex('recharge_movements_serial').on(t.channel, t.serialNumber),
    index('recharge_movements_recharge').on(t.rechargeId),
  ],
);

/** Payments that arrived, with those that nobody could place yet. */
export const incomingPayments = pgTable(
  'incoming_payments',
  {
    id: text('id').primaryKey(),
    channel: text('channel').notNull(),
    serialNumber: text('serial_number').notNull(),
    amountMicros: micros('amount_micros').notNull(),
    currency: text('currency').notNull(),
    payer: text('payer').notNull(),
    note: text('note').notNull(),
    bookedAt: instant('booked_at').notNull(),
    state: text('state').$type<'booked' | 'unmatched'>().notNull(),
    reason: text('reason')
      .$type<'' | 'unknown_reference' | 'amount_mismatch' | 'currency_mismatch' | 'wallet_full'>()
      .notNull(),
    rechargeId: text('recharge_id').notNull(),
    createdAt: instant('created_at').notNull(),
    updatedAt: instant('updated_at').notNull(),
  },
  (t) => [
    check('incoming_payments_state', sql`${t.state} in ('booked', 'unmatched')`),
    check('incoming_payments_booked', sql`(${t.state} = 'booked') = (${t.reason} = '')`),
    uniqueIndex('incoming_payments_serial').on(t.channel, t.serialNumber),
    index('incoming_payments_unmatched').on(t.id).where(sql`state = 'unmatched'`),
  ],
);

/** What accounts owe since a payer's bank took back money that was spent. */
export const debts = pgTable(
  'debts',
  {
    accountId: text('account_id').primaryKey(),
    owedMicros: micros('owed_micros').notNull(),
    updatedAt: instant('updated_at').notNull(),
  },
  (t) => [check('debts_owed', sql`${t.owedMicros} >= 0`)],
);
