import { sql } from 'drizzle-orm';
import { bigint, check, index, integer, jsonb, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core';
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
