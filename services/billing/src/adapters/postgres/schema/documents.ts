import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  check,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import { instant, micros } from './columns.ts';
import { wallets } from './ledger.ts';

/** The last number given out. Its row stays locked until the document that took the number is committed: no gaps. */
export const documentNumbers = pgTable(
  'document_numbers',
  {
    series: text('series').notNull(),
    year: integer('year').notNull(),
    lastNumber: integer('last_number').notNull(),
  },
  (t) => [primaryKey({ columns: [t.series, t.year] })],
);

/** Immutable. An invoice over consumption, or a credit note that takes back a part of an invoice. */
export const invoices = pgTable(
  'invoices',
  {
    id: text('id').primaryKey(),
    number: text('number').notNull().unique('invoices_number'),
    kind: text('kind').$type<'invoice' | 'credit_note'>().notNull(),
    accountId: text('account_id').notNull(),
    /** What a credit note is about. */
    originalId: text('original_id'),
    /** The first and the last day of what it lists. */
    dayFrom: text('day_from').notNull(),
    dayTo: text('day_to').notNull(),
    lineCount: integer('line_count').notNull(),
    totalMicros: micros('total_micros').notNull(),
    currency: text('currency').notNull(),
    issuedAt: instant('issued_at').notNull(),
  },
  (t) => [
    check('invoices_kind', sql`${t.kind} in ('invoice', 'credit_note')`),
    check('invoices_original', sql`(${t.kind} = 'credit_note') = (${t.originalId} is not null)`),
    check('invoices_total', sql`${t.totalMicros} >= 0 and ${t.lineCount} > 0`),
    index('invoices_account').on(t.accountId, t.id),
  ],
);

/** Immutable. */
export const invoiceLines = pgTable(
  'invoice_lines',
  {
    invoiceId: text('invoice_id')
      .notNull()
      .references(() => invoices.id),
    position: integer('position').notNull(),
    kind: text('kind').notNull(),
    /** What it stands for: a bill line, an order, a refund, a credit. */
    referenceId: text('reference_id').notNull(),
    day: text('day').notNull(),
    title: text('title').notNull(),
    resourceKind: text('resource_kind').notNull(),
    resourceId: text('resource_id').notNull(),
    meter: text('meter').notNull(),
    region: text('region').notNull(),
    item: text('item').notNull(),
    quantity: bigint('quantity', { mode: 'bigint' }).notNull(),
    amountMicros: micros('amount_micros').notNull(),
    /** Of a day that an earlier invoice had closed. */
    isLate: boolean('is_late').notNull(),
  },
  (t) => [primaryKey({ columns: [t.invoiceId, t.position] }), index('invoice_lines_reference').on(t.referenceId)],
);

/** Immutable: charges, orders, refunds and credits that stand on a document. Each stands on one. */
export const invoicedItems = pgTable(
  'invoiced_items',
  {
    itemId: text('item_id').primaryKey(),
    invoiceId: text('invoice_id')
      .notNull()
      .references(() => invoices.id),
  },
  (t) => [index('invoiced_items_invoice').on(t.invoiceId)],
);

/** Immutable: the movements of one month, over an unbroken range of the wallet's entries. */
export const statements = pgTable(
  'statements',
  {
    id: text('id').primaryKey(),
    accountId: text('account_id').notNull(),
    walletId: text('wallet_id')
      .notNull()
      .references(() => wallets.id),
    month: text('month').notNull(),
    /** The entries after this one … */
    afterSequence: bigint('after_sequence', { mode: 'bigint' }).notNull(),
    /** … up to this one. */
    toSequence: bigint('to_sequence', { mode: 'bigint' }).notNull(),
    openingMicros: micros('opening_micros').notNull(),
    closingMicros: micros('closing_micros').notNull(),
    movements: jsonb('movements').$type<unknown>().notNull(),
    closedAt: instant('closed_at').notNull(),
  },
  (t) => [
    uniqueIndex('statements_month').on(t.accountId, t.month),
    check('statements_range', sql`${t.afterSequence} <= ${t.toSequence}`),
  ],
);

/** How far the closing of months has come. */
export const documentClosings = pgTable('document_closings', {
  month: text('month').primaryKey(),
  closedAt: instant('closed_at').notNull(),
});
