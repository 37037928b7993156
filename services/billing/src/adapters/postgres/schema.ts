import { sql } from 'drizzle-orm';
import {
  bigint,
  check,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uniqueIndex,
} from 'drizzle-orm/pg-core';

export { inbox, leadership, outbox, requests } from '@suanli/postgres';

/**
 * What the ledger promises stands here and in the custom migrations: CHECKs, append-only triggers, the function that
 * makes entries and balances out of transfers, and grants that keep the service's own role from writing either.
 */

const micros = (name: string) => bigint(name, { mode: 'bigint' });
const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3, mode: 'date' });
const tenant = () => ({
  accountId: text('account_id').notNull(),
  /** Empty when the account acts for itself. */
  subAccountId: text('sub_account_id').notNull(),
  workspaceId: text('workspace_id').notNull(),
  principalId: text('principal_id').notNull(),
});

/** Every account that a transfer can name. Rows never change and never go, so nothing needs to lock them. */
export const accounts = pgTable('accounts', {
  id: text('id').primaryKey(),
  /** `wallet`, `revenue`, `write_off`, `clearing`. */
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
    overdraftMicros: micros('overdraft_micros').notNull().default(sql`0`),
    status: text('status').$type<'active' | 'frozen'>().notNull().default('active'),
    level: text('level').$type<'ok' | 'low' | 'exhausted'>().notNull().default('exhausted'),
    sequence: bigint('sequence', { mode: 'bigint' }).notNull().default(sql`0`),
    createdAt: instant('created_at').notNull(),
  },
  (t) => [
    check('wallets_floor', sql`${t.postedMicros} - ${t.pendingMicros} >= -${t.overdraftMicros}`),
    check('wallets_pending', sql`${t.pendingMicros} >= 0 and ${t.overdraftMicros} >= 0`),
    check('wallets_status', sql`${t.status} in ('active', 'frozen')`),
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

/** Immutable. No foreign keys on accounts: they would share-lock the platform's rows; the booking function looks instead. */
export const transfers = pgTable(
  'transfers',
  {
    id: text('id').primaryKey(),
    position: bigint('position', { mode: 'bigint' }).notNull().generatedAlwaysAsIdentity(),
    kind: text('kind').$type<'post' | 'pending' | 'post_pending' | 'void_pending'>().notNull(),
    code: text('code').notNull(),
    fromAccountId: text('from_account_id').notNull(),
    toAccountId: text('to_account_id').notNull(),
    amountMicros: micros('amount_micros').notNull(),
    holdId: text('hold_id').references(() => holds.id),
    reference: text('reference').notNull(),
    createdAt: instant('created_at').notNull(),
  },
  (t) => [
    check('transfers_kind', sql`${t.kind} in ('post', 'pending', 'post_pending', 'void_pending')`),
    check('transfers_amount', sql`${t.amountMicros} > 0`),
    check('transfers_sides', sql`${t.fromAccountId} <> ${t.toAccountId}`),
    check('transfers_hold', sql`(${t.kind} = 'post') = (${t.holdId} is null)`),
  ],
);

/** One leg of a transfer, written by the booking function alone. */
export const entries = pgTable(
  'entries',
  {
    transferId: text('transfer_id')
      .notNull()
      .references(() => transfers.id),
    accountId: text('account_id').notNull(),
    /** Place among the entries of its wallet, without gaps; absent for the platform's accounts. */
    sequence: bigint('sequence', { mode: 'bigint' }),
    postedMicros: micros('posted_micros').notNull(),
    pendingMicros: micros('pending_micros').notNull(),
    postedAfterMicros: micros('posted_after_micros'),
    createdAt: instant('created_at').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.transferId, t.accountId] }),
    uniqueIndex('entries_sequence').on(t.accountId, t.sequence).where(sql`sequence is not null`),
  ],
);

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

/** Immutable: a change of price is another version. */
export const prices = pgTable(
  'prices',
  {
    id: text('id').primaryKey(),
    version: integer('version').notNull(),
    meter: text('meter').notNull(),
    region: text('region').notNull(),
    item: text('item').notNull(),
    amountMicros: micros('amount_micros').notNull(),
    perQuantity: bigint('per_quantity', { mode: 'bigint' }).notNull(),
    currency: text('currency').notNull(),
    effectiveFrom: instant('effective_from').notNull(),
    display: text('display').notNull(),
  },
  (t) => [
    uniqueIndex('prices_version').on(t.meter, t.region, t.item, t.version),
    check('prices_positive', sql`${t.amountMicros} >= 0 and ${t.perQuantity} > 0 and ${t.version} > 0`),
  ],
);

/** Every usage event that came in: rated, or parked with the reason. */
export const usageEvents = pgTable(
  'usage_events',
  {
    /** The business key: derived from the fact by who tells it. */
    usageId: text('usage_id').primaryKey(),
    accountId: text('account_id').notNull(),
    state: text('state').$type<'rated' | 'parked'>().notNull(),
    reason: text('reason'),
    chargeCount: integer('charge_count').notNull(),
    attempts: integer('attempts').notNull().default(1),
    body: jsonb('body').$type<unknown>().notNull(),
    receivedAt: instant('received_at').notNull(),
    ratedAt: instant('rated_at'),
  },
  (t) => [
    check(
      'usage_state',
      sql`(${t.state} = 'rated') = (${t.ratedAt} is not null) and ${t.state} in ('rated', 'parked')`,
    ),
    index('usage_parked').on(t.usageId).where(sql`state = 'parked'`),
  ],
);

/** `price_id` has no foreign key for the reason that transfers have none; prices never go. */
export const billLines = pgTable(
  'bill_lines',
  {
    id: text('id').primaryKey(),
    ...tenant(),
    sourceKind: text('source_kind').notNull(),
    sourceId: text('source_id').notNull(),
    meter: text('meter').notNull(),
    region: text('region').notNull(),
    item: text('item').notNull(),
    quantity: bigint('quantity', { mode: 'bigint' }).notNull(),
    amountMicros: micros('amount_micros').notNull(),
    writtenOffMicros: micros('written_off_micros').notNull(),
    currency: text('currency').notNull(),
    priceId: text('price_id').notNull(),
    priceVersion: integer('price_version').notNull(),
    priceAmountMicros: micros('price_amount_micros').notNull(),
    pricePerQuantity: bigint('price_per_quantity', { mode: 'bigint' }).notNull(),
    holdId: text('hold_id').notNull(),
    usageFrom: instant('usage_from').notNull(),
    usageTo: instant('usage_to').notNull(),
    version: bigint('version', { mode: 'bigint' }).notNull(),
    createdAt: instant('created_at').notNull(),
    updatedAt: instant('updated_at').notNull(),
  },
  (t) => [
    uniqueIndex('bill_lines_resource').on(
      t.accountId,
      t.sourceKind,
      t.sourceId,
      t.meter,
      t.region,
      t.item,
      t.priceId,
      t.workspaceId,
      t.subAccountId,
    ),
    index('bill_lines_tenant').on(t.accountId, t.workspaceId, t.id),
    check('bill_lines_parts', sql`${t.quantity} >= 0 and ${t.writtenOffMicros} between 0 and ${t.amountMicros}`),
  ],
);

/** Immutable: what one usage event added to one bill line, and who paid. */
export const charges = pgTable(
  'charges',
  {
    id: text('id').primaryKey(),
    usageId: text('usage_id')
      .notNull()
      .references(() => usageEvents.usageId),
    billLineId: text('bill_line_id')
      .notNull()
      .references(() => billLines.id),
    meter: text('meter').notNull(),
    quantity: bigint('quantity', { mode: 'bigint' }).notNull(),
    amountMicros: micros('amount_micros').notNull(),
    heldMicros: micros('held_micros').notNull(),
    walletMicros: micros('wallet_micros').notNull(),
    writtenOffMicros: micros('written_off_micros').notNull(),
    writeOffReason: text('write_off_reason'),
    createdAt: instant('created_at').notNull(),
  },
  (t) => [
    uniqueIndex('charges_usage').on(t.usageId, t.meter),
    index('charges_line').on(t.billLineId, t.id),
    check('charges_payers', sql`${t.heldMicros} + ${t.walletMicros} + ${t.writtenOffMicros} = ${t.amountMicros}`),
    check('charges_parts', sql`${t.heldMicros} >= 0 and ${t.walletMicros} >= 0 and ${t.writtenOffMicros} >= 0`),
  ],
);
