import { sql } from 'drizzle-orm';
import { bigint, boolean, check, index, integer, jsonb, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core';
import type { StandingReason, StandingState } from '../../../domain/arrears/standing.ts';
import type { TransferKind } from '../../../domain/ledger/transfer.ts';
import { instant, micros, tenant } from './columns.ts';

/**
 * What the ledger promises stands here and in the custom migrations: CHECKs, append-only triggers, the function that
 * makes entries and balances out of transfers, and grants that keep the service's own role from writing either.
 */

/** Every account that a transfer can name. Rows never change and never go, so nothing needs to lock them. */
export const accounts = pgTable('accounts', {
  id: text('id').primaryKey(),
  /** `wallet`, `revenue`, `write_off`, `clearing`, `breakage`, `credit`. */
  kind: text('kind').notNull(),
  currency: text('currency').notNull(),
  createdAt: instant('created_at').notNull(),
});

export const wallets = pgTable(
  'wallets',
  {
    id: text('id')
      .primaryKey()
      .references(() => accounts.id),
    accountId: text('account_id').notNull().unique('wallets_account'),
    currency: text('currency').notNull(),
    postedMicros: micros('posted_micros').notNull().default(sql`0`),
    pendingMicros: micros('pending_micros').notNull().default(sql`0`),
    /** The parts of the two that are of credit lots, and how many lots there ever were; moved by the lots' triggers. */
    lotRemainingMicros: micros('lot_remaining_micros').notNull().default(sql`0`),
    lotReservedMicros: micros('lot_reserved_micros').notNull().default(sql`0`),
    lotCount: integer('lot_count').notNull().default(0),
    overdraftMicros: micros('overdraft_micros').notNull().default(sql`0`),
    status: text('status').$type<'active' | 'frozen'>().notNull().default('active'),
    level: text('level').$type<'ok' | 'low' | 'exhausted'>().notNull().default('exhausted'),
    standingState: text('standing_state').$type<StandingState>().notNull().default('ok'),
    standingSince: instant('standing_since'),
    standingNextAt: instant('standing_next_at'),
    standingReason: text('standing_reason').$type<StandingReason>().notNull().default(''),
    standingVersion: bigint('standing_version', { mode: 'bigint' }).notNull().default(sql`0`),
    hasBudgets: boolean('has_budgets').notNull().default(false),
    /** Whether its account owes money: `debts` says how much. */
    hasDebt: boolean('has_debt').notNull().default(false),
    sequence: bigint('sequence', { mode: 'bigint' }).notNull().default(sql`0`),
    createdAt: instant('created_at').notNull(),
  },
  (t) => [
    check('wallets_floor', sql`${t.postedMicros} - ${t.pendingMicros} >= -${t.overdraftMicros}`),
    check('wallets_pending', sql`${t.pendingMicros} >= 0 and ${t.overdraftMicros} >= 0`),
    check('wallets_status', sql`${t.status} in ('active', 'frozen')`),
    check('wallets_standing', sql`${t.standingState} in ('ok', 'warned', 'grace', 'suspended', 'deleting')`),
    index('wallets_standing_due').on(t.standingNextAt).where(sql`standing_next_at is not null`),
    check('wallets_level', sql`${t.level} in ('ok', 'low', 'exhausted')`),
  ],
);

export const holds = pgTable(
  'holds',
  {
    id: text('id').primaryKey(),
    walletId: text('wallet_id')
      .notNull()
      .references(() => wallets.id),
    ...tenant(),
    status: text('status').$type<'active' | 'closed' | 'expired'>().notNull(),
    amountMicros: micros('amount_micros').notNull(),
    capturedMicros: micros('captured_micros').notNull(),
    releasedMicros: micros('released_micros').notNull(),
    purposeKind: text('purpose_kind').notNull(),
    purposeId: text('purpose_id').notNull(),
    purposeEpoch: integer('purpose_epoch').notNull(),
    scopeProduct: text('scope_product').notNull().default(''),
    scopeItem: text('scope_item').notNull().default(''),
    scopeRegion: text('scope_region').notNull().default(''),
    /** What it has set aside of which credit lots; null when all of it is cash. */
    lotShares: jsonb('lot_shares'),
    expiresAt: instant('expires_at').notNull(),
    releaseAt: instant('release_at').notNull(),
    awaitsUsageId: text('awaits_usage_id'),
    resolvedAt: instant('resolved_at'),
    version: bigint('version', { mode: 'bigint' }).notNull(),
    createdAt: instant('created_at').notNull(),
  },
  (t) => [
    check('holds_status', sql`${t.status} in ('active', 'closed', 'expired')`),
    check('holds_parts', sql`${t.capturedMicros} >= 0 and ${t.releasedMicros} >= 0 and ${t.amountMicros} > 0`),
    check('holds_never_exceeded', sql`${t.capturedMicros} + ${t.releasedMicros} <= ${t.amountMicros}`),
    check(
      'holds_resolved',
      sql`${t.resolvedAt} is null or (${t.status} <> 'active' and ${t.capturedMicros} + ${t.releasedMicros} = ${t.amountMicros})`,
    ),
    index('holds_tenant').on(t.accountId, t.workspaceId, t.id),
    index('holds_due').on(t.releaseAt).where(sql`resolved_at is null`),
  ],
);

/**
 * Immutable. No foreign keys on accounts and holds: they would share-lock rows on the hot path; the booking function looks
 * instead.
 */
export const transfers = pgTable(
  'transfers',
  {
    id: text('id').primaryKey(),
    position: bigint('position', { mode: 'bigint' }).notNull().generatedAlwaysAsIdentity(),
    kind: text('kind').$type<TransferKind>().notNull(),
    code: text('code').notNull(),
    fromAccountId: text('from_account_id').notNull(),
    toAccountId: text('to_account_id').notNull(),
    amountMicros: micros('amount_micros').notNull(),
    holdId: text('hold_id'),
    /** The payment that a reversal pays back: once. */
    reversalOf: text('reversal_of'),
    reference: text('reference').notNull(),
    createdAt: instant('created_at').notNull(),
  },
  (t) => [
    check('transfers_kind', sql`${t.kind} in ('post', 'pending', 'post_pending', 'void_pending', 'reversal')`),
    check('transfers_reversal', sql`(${t.kind} = 'reversal') = (${t.reversalOf} is not null)`),
    uniqueIndex('transfers_reversal_of').on(t.reversalOf).where(sql`reversal_of is not null`),
    uniqueIndex('transfers_position').on(t.position),
    index('transfers_by_hold').on(t.holdId).where(sql`hold_id is not null`),
    check('transfers_amount', sql`${t.amountMicros} > 0`),
    check('transfers_sides', sql`${t.fromAccountId} <> ${t.toAccountId}`),
    check('transfers_hold', sql`(${t.kind} in ('post', 'reversal')) = (${t.holdId} is null)`),
  ],
);

/**
 * One leg of a transfer, written by the booking function alone: two for each, so that neither a foreign key nor a unique
 * index over transfers, which the hot path would pay for, is needed to say so.
 */
export const entries = pgTable(
  'entries',
  {
    transferId: text('transfer_id').notNull(),
    accountId: text('account_id').notNull(),
    /** Place among the entries of its wallet, without gaps; absent for the platform's accounts. */
    sequence: bigint('sequence', { mode: 'bigint' }),
    postedMicros: micros('posted_micros').notNull(),
    pendingMicros: micros('pending_micros').notNull(),
    postedAfterMicros: micros('posted_after_micros'),
    createdAt: instant('created_at').notNull(),
  },
  (t) => [uniqueIndex('entries_sequence').on(t.accountId, t.sequence).where(sql`sequence is not null`)],
);

/**
 * A link of the hash chain over transfers: made after the fact, off the path of money, from every transfer whose position
 * is between the two. Each hash covers the one before it, so a rewritten past no longer fits.
 */
export const ledgerSeals = pgTable(
  'ledger_seals',
  {
    number: bigint('number', { mode: 'bigint' }).primaryKey(),
    firstPosition: bigint('first_position', { mode: 'bigint' }).notNull(),
    lastPosition: bigint('last_position', { mode: 'bigint' }).notNull(),
    transferCount: integer('transfer_count').notNull(),
    previousHash: text('previous_hash').notNull(),
    hash: text('hash').notNull(),
    sealedAt: instant('sealed_at').notNull(),
  },
  (t) => [check('ledger_seals_range', sql`${t.lastPosition} >= ${t.firstPosition} and ${t.transferCount} > 0`)],
);
