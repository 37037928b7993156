import { sql } from 'drizzle-orm';
import { bigint, check, index, integer, jsonb, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { instant, micros, tenant } from './columns.ts';

/** Immutable: a change of price is another version. */
export const prices = pgTable(
  'prices',
  {
    id: text('id').primaryKey(),
    version: integer('version').notNull(),
    meter: text('meter').notNull(),
    region: text('region').notNull(),
    item: text('item').notNull(),
    /** Whose price it is; empty for everyone. */
    accountId: text('account_id').notNull().default(''),
    /** How quantity becomes money, with its tiers; numbers beyond 53 bits are tagged. */
    model: jsonb('model').$type<unknown>().notNull().default({ kind: 'unit' }),
    amountMicros: micros('amount_micros').notNull(),
    perQuantity: bigint('per_quantity', { mode: 'bigint' }).notNull(),
    currency: text('currency').notNull(),
    effectiveFrom: instant('effective_from').notNull(),
    display: text('display').notNull(),
  },
  (t) => [
    uniqueIndex('prices_version').on(t.meter, t.region, t.item, t.accountId, t.version),
    check('prices_positive', sql`${t.amountMicros} >= 0 and ${t.perQuantity} > 0 and ${t.version} > 0`),
  ],
);

/** Immutable: an end is a discount of nothing from its own time on. */
export const discounts = pgTable(
  'discounts',
  {
    id: text('id').primaryKey(),
    accountId: text('account_id').notNull(),
    /** `*` is every meter. */
    meter: text('meter').notNull(),
    /** Empty is every region. */
    region: text('region').notNull(),
    /** `*` is every item. */
    item: text('item').notNull(),
    basisPoints: integer('basis_points').notNull(),
    effectiveFrom: instant('effective_from').notNull(),
    createdAt: instant('created_at').notNull(),
  },
  (t) => [
    index('discounts_account').on(t.accountId, t.effectiveFrom),
    check('discounts_part', sql`${t.basisPoints} between 0 and 10000`),
  ],
);

/** What an account promised to spend in each month at least. */
export const commitments = pgTable(
  'commitments',
  {
    id: text('id').primaryKey(),
    accountId: text('account_id').notNull(),
    monthlyMicros: micros('monthly_micros').notNull(),
    fromMonth: text('from_month').notNull(),
    untilMonth: text('until_month'),
    createdAt: instant('created_at').notNull(),
  },
  (t) => [index('commitments_account').on(t.accountId), check('commitments_positive', sql`${t.monthlyMicros} > 0`)],
);

/** Prices promised to an account, with everything that rating needs of them. */
export const quotes = pgTable(
  'quotes',
  {
    id: text('id').primaryKey(),
    ...tenant(),
    lines: jsonb('lines').$type<unknown>().notNull(),
    holdMicros: micros('hold_micros').notNull(),
    expectedMicros: micros('expected_micros').notNull(),
    currency: text('currency').notNull(),
    validUntil: instant('valid_until').notNull(),
    createdAt: instant('created_at').notNull(),
  },
  (t) => [index('quotes_tenant').on(t.accountId, t.workspaceId, t.id)],
);

/** From `fenced_at` on, nothing that this epoch of a workload says is charged. */
export const fences = pgTable(
  'fences',
  {
    sourceKind: text('source_kind').notNull(),
    sourceId: text('source_id').notNull(),
    epoch: integer('epoch').notNull(),
    fencedAt: instant('fenced_at').notNull(),
    createdAt: instant('created_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.sourceId, t.epoch, t.sourceKind] })],
);

/** What an account used in a month under one price that looks at the whole month: its lines share it. */
export const periodTotals = pgTable(
  'period_totals',
  {
    accountId: text('account_id').notNull(),
    priceId: text('price_id').notNull(),
    discountId: text('discount_id').notNull(),
    period: text('period').notNull(),
    quantity: bigint('quantity', { mode: 'bigint' }).notNull(),
    amountMicros: micros('amount_micros').notNull(),
    writtenOffMicros: micros('written_off_micros').notNull(),
    refundedMicros: micros('refunded_micros').notNull().default(sql`0`),
    creditedMicros: micros('credited_micros').notNull().default(sql`0`),
    version: bigint('version', { mode: 'bigint' }).notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.accountId, t.period, t.priceId, t.discountId] }),
    check('period_totals_parts', sql`${t.quantity} >= 0 and ${t.amountMicros} >= 0`),
    check(
      'period_totals_returned',
      sql`${t.refundedMicros} >= 0 and ${t.creditedMicros} >= 0
        and ${t.writtenOffMicros} + ${t.refundedMicros} + ${t.creditedMicros} <= ${t.amountMicros}`,
    ),
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
    /** The first event that told the fact; corrections carry it on. Empty while parked. */
    factId: text('fact_id').notNull().default(''),
    supersededBy: text('superseded_by'),
    /** How often it was rated before: a late fence has it rated anew. */
    revision: integer('revision').notNull().default(0),
    /** What of its readings lay beyond a fence. */
    refusedQuantity: bigint('refused_quantity', { mode: 'bigint' }).notNull().default(sql`0`),
    /** What it is parked for: `hold:hld_1`. Empty when nothing that billing could see coming helps. */
    waitsFor: text('waits_for').notNull().default(''),
    receivedAt: instant('received_at').notNull(),
    ratedAt: instant('rated_at'),
  },
  (t) => [
    check(
      'usage_state',
      sql`(${t.state} = 'rated') = (${t.ratedAt} is not null) and ${t.state} in ('rated', 'parked')`,
    ),
    index('usage_parked').on(t.usageId).where(sql`state = 'parked'`),
    index('usage_waits').on(t.waitsFor).where(sql`state = 'parked'`),
    index('usage_fact').on(t.factId).where(sql`fact_id <> usage_id`),
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
    /** What refunds gave back, less what corrections took away since. */
    refundedMicros: micros('refunded_micros').notNull().default(sql`0`),
    /** The same of credits for unusable time. */
    creditedMicros: micros('credited_micros').notNull().default(sql`0`),
    currency: text('currency').notNull(),
    priceId: text('price_id').notNull(),
    priceVersion: integer('price_version').notNull(),
    priceAmountMicros: micros('price_amount_micros').notNull(),
    pricePerQuantity: bigint('price_per_quantity', { mode: 'bigint' }).notNull(),
    discountId: text('discount_id').notNull().default(''),
    discountBasisPoints: integer('discount_basis_points').notNull().default(0),
    /** The month whose total counts, under a price of the whole month. */
    period: text('period').notNull().default(''),
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
      t.discountId,
      t.period,
    ),
    index('bill_lines_tenant').on(t.accountId, t.workspaceId, t.id),
    check('bill_lines_parts', sql`${t.quantity} >= 0`),
    check('bill_lines_unit_parts', sql`${t.period} <> '' or ${t.writtenOffMicros} between 0 and ${t.amountMicros}`),
    check(
      'bill_lines_returned',
      sql`${t.period} <> '' or (${t.refundedMicros} >= 0 and ${t.creditedMicros} >= 0
        and ${t.writtenOffMicros} + ${t.refundedMicros} + ${t.creditedMicros} <= ${t.amountMicros})`,
    ),
  ],
);

/** Immutable: what one usage event added to one bill line on one day, and who paid. */
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
    factId: text('fact_id').notNull().default(''),
    revision: integer('revision').notNull().default(0),
    meter: text('meter').notNull(),
    /** Negative where a correction takes back; the parts of the amount then are so too. */
    quantity: bigint('quantity', { mode: 'bigint' }).notNull(),
    /** What the line, or the month's total that it shares, had counted before. */
    baseQuantity: bigint('base_quantity', { mode: 'bigint' }).notNull().default(sql`0`),
    /** The part of the usage's window that it is for. */
    usageFrom: instant('usage_from').notNull().default(sql`'epoch'`),
    usageTo: instant('usage_to').notNull().default(sql`'epoch'`),
    /** The day of that part in the account's calendar, `2026-02-28`. */
    day: text('day').notNull().default(''),
    amountMicros: micros('amount_micros').notNull(),
    heldMicros: micros('held_micros').notNull(),
    walletMicros: micros('wallet_micros').notNull(),
    writtenOffMicros: micros('written_off_micros').notNull(),
    writeOffReason: text('write_off_reason'),
    /** What of a correction downwards refunds, or credits, had given back before: never above zero. */
    refundedMicros: micros('refunded_micros').notNull().default(sql`0`),
    creditedMicros: micros('credited_micros').notNull().default(sql`0`),
    createdAt: instant('created_at').notNull(),
  },
  (t) => [
    uniqueIndex('charges_usage').on(t.usageId, t.meter, t.billLineId, t.day, t.revision),
    index('charges_fact').on(t.factId).where(sql`fact_id <> usage_id or revision > 0`),
    index('charges_line').on(t.billLineId, t.id),
    check(
      'charges_payers',
      sql`${t.heldMicros} + ${t.walletMicros} + ${t.writtenOffMicros} + ${t.refundedMicros} + ${t.creditedMicros} = ${t.amountMicros}`,
    ),
    check('charges_returned', sql`${t.refundedMicros} <= 0 and ${t.creditedMicros} <= 0`),
    check(
      'charges_parts',
      sql`(${t.heldMicros} >= 0 and ${t.walletMicros} >= 0 and ${t.writtenOffMicros} >= 0)
        or (${t.heldMicros} <= 0 and ${t.walletMicros} <= 0 and ${t.writtenOffMicros} <= 0)`,
    ),
  ],
);
