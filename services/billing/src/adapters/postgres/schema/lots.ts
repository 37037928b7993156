import { sql } from 'drizzle-orm';
import { check, index, integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { instant, micros } from './columns.ts';
import { transfers, wallets } from './ledger.ts';

/** Credit of a wallet. What is left of it is moved by the trigger on `transfer_lots` alone. */
export const creditLots = pgTable(
  'credit_lots',
  {
    id: text('id').primaryKey(),
    walletId: text('wallet_id')
      .notNull()
      .references(() => wallets.id),
    accountId: text('account_id').notNull(),
    kind: text('kind').$type<'promotional' | 'voucher' | 'compensation'>().notNull(),
    priority: integer('priority').notNull(),
    effectiveAt: instant('effective_at').notNull(),
    expiresAt: instant('expires_at'),
    products: text('products').array().notNull(),
    items: text('items').array().notNull(),
    regions: text('regions').array().notNull(),
    grantedMicros: micros('granted_micros').notNull(),
    remainingMicros: micros('remaining_micros').notNull().default(sql`0`),
    reservedMicros: micros('reserved_micros').notNull().default(sql`0`),
    brokenMicros: micros('broken_micros').notNull().default(sql`0`),
    reason: text('reason').notNull(),
    reference: text('reference').notNull(),
    createdAt: instant('created_at').notNull(),
    /** When its owner was told that it is about to expire: once. */
    warnedAt: instant('warned_at'),
  },
  (t) => [
    check('credit_lots_kind', sql`${t.kind} in ('promotional', 'voucher', 'compensation')`),
    check('credit_lots_priority', sql`${t.priority} between 1 and 50`),
    check('credit_lots_times', sql`${t.expiresAt} is null or ${t.expiresAt} > ${t.effectiveAt}`),
    check(
      'credit_lots_parts',
      sql`${t.reservedMicros} >= 0 and ${t.reservedMicros} <= ${t.remainingMicros} and ${t.remainingMicros} <= ${t.grantedMicros} and ${t.grantedMicros} > 0 and ${t.brokenMicros} >= 0`,
    ),
    index('credit_lots_tenant').on(t.accountId, t.id),
    index('credit_lots_live').on(t.walletId).where(sql`remaining_micros > 0`),
    index('credit_lots_due').on(t.expiresAt).where(sql`remaining_micros > reserved_micros and expires_at is not null`),
    index('credit_lots_to_warn')
      .on(t.expiresAt)
      .where(sql`remaining_micros > 0 and warned_at is null and expires_at is not null`),
  ],
);

/** Which lots a transfer moved, and by how much; the rest of it is cash. Immutable. */
export const transferLots = pgTable(
  'transfer_lots',
  {
    transferId: text('transfer_id')
      .notNull()
      .references(() => transfers.id),
    lotId: text('lot_id')
      .notNull()
      .references(() => creditLots.id),
    amountMicros: micros('amount_micros').notNull(),
    /** That of its transfer, to find what was spent on one bill line. */
    reference: text('reference').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.transferId, t.lotId] }),
    check('transfer_lots_amount', sql`${t.amountMicros} > 0`),
    index('transfer_lots_by_lot').on(t.lotId, t.transferId),
    index('transfer_lots_by_reference').on(t.reference),
  ],
);

/** A campaign: codes of one kind, made together. */
export const voucherBatches = pgTable(
  'voucher_batches',
  {
    id: text('id').primaryKey(),
    name: text('name').notNull(),
    amountMicros: micros('amount_micros').notNull(),
    codeCount: integer('code_count').notNull(),
    redemptionsPerCode: integer('redemptions_per_code').notNull(),
    maxPerAccount: integer('max_per_account').notNull(),
    redeemFrom: instant('redeem_from').notNull(),
    redeemUntil: instant('redeem_until'),
    /** How long its credit is good, from the redemption on; null for ever. */
    creditValidDays: integer('credit_valid_days'),
    priority: integer('priority').notNull(),
    applicability: jsonb('applicability').notNull(),
    reason: text('reason').notNull(),
    createdBy: text('created_by').notNull(),
    createdAt: instant('created_at').notNull(),
    withdrawnAt: instant('withdrawn_at'),
  },
  (t) => [
    check(
      'voucher_batches_counts',
      sql`${t.amountMicros} > 0 and ${t.codeCount} > 0 and ${t.redemptionsPerCode} > 0 and ${t.maxPerAccount} > 0`,
    ),
    check('voucher_batches_times', sql`${t.redeemUntil} is null or ${t.redeemUntil} > ${t.redeemFrom}`),
  ],
);

/** A code by its hash: the code itself was shown once and is not kept. */
export const voucherCodes = pgTable(
  'voucher_codes',
  {
    codeHash: text('code_hash').primaryKey(),
    batchId: text('batch_id')
      .notNull()
      .references(() => voucherBatches.id),
    maxRedemptions: integer('max_redemptions').notNull(),
    redemptions: integer('redemptions').notNull().default(0),
  },
  (t) => [
    check('voucher_codes_never_exceeded', sql`${t.redemptions} between 0 and ${t.maxRedemptions}`),
    index('voucher_codes_batch').on(t.batchId),
  ],
);

/** Who redeemed what: an account each code once. */
export const voucherRedemptions = pgTable(
  'voucher_redemptions',
  {
    codeHash: text('code_hash')
      .notNull()
      .references(() => voucherCodes.codeHash),
    accountId: text('account_id').notNull(),
    batchId: text('batch_id').notNull(),
    lotId: text('lot_id')
      .notNull()
      .references(() => creditLots.id),
    redeemedAt: instant('redeemed_at').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.codeHash, t.accountId] }),
    index('voucher_redemptions_account').on(t.accountId, t.batchId),
  ],
);

/** Tries of an account that failed, in its present window. */
export const voucherAttempts = pgTable('voucher_attempts', {
  accountId: text('account_id').primaryKey(),
  windowFrom: instant('window_from').notNull(),
  failures: integer('failures').notNull(),
});
