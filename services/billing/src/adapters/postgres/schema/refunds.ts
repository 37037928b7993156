import { sql } from 'drizzle-orm';
import { check, index, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { instant, micros, tenant } from './columns.ts';

/** Money that goes back: into the wallet at once, or out through the channel of a recharge once an operator agrees. */
export const refunds = pgTable(
  'refunds',
  {
    id: text('id').primaryKey(),
    ...tenant(),
    kind: text('kind').$type<'wallet' | 'payout'>().notNull(),
    state: text('state').$type<'done' | 'requested' | 'approved' | 'paid' | 'rejected'>().notNull(),
    targetKind: text('target_kind').$type<'order' | 'bill_line' | 'recharge'>().notNull(),
    targetId: text('target_id').notNull(),
    amountMicros: micros('amount_micros').notNull(),
    currency: text('currency').notNull(),
    reason: text('reason').notNull(),
    /** The channel that a payout leaves by; empty for the wallet. */
    channel: text('channel').notNull(),
    /** What keeps the money of a payout until it is decided. */
    holdId: text('hold_id'),
    /** The channel's own number of a payout that was made. */
    serialNumber: text('serial_number').notNull(),
    decidedBy: text('decided_by').notNull(),
    createdAt: instant('created_at').notNull(),
    updatedAt: instant('updated_at').notNull(),
  },
  (t) => [
    check('refunds_amount', sql`${t.amountMicros} > 0`),
    check('refunds_state', sql`(${t.kind} = 'wallet') = (${t.state} = 'done')`),
    check('refunds_hold', sql`(${t.kind} = 'payout') = (${t.holdId} is not null)`),
    index('refunds_tenant').on(t.accountId, t.workspaceId, t.id),
    index('refunds_target').on(t.targetId),
    index('refunds_open').on(t.id).where(sql`state in ('requested', 'approved')`),
  ],
);

/** Time of a workload that its tenant could not use. Told once for each epoch; usage that comes later falls into it. */
export const unusableWindows = pgTable(
  'unusable_windows',
  {
    sourceId: text('source_id').notNull(),
    epoch: integer('epoch').notNull(),
    sourceKind: text('source_kind').notNull(),
    accountId: text('account_id').notNull(),
    reason: text('reason').notNull(),
    unusableFrom: instant('unusable_from').notNull(),
    unusableTo: instant('unusable_to').notNull(),
    toldAt: instant('told_at').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.sourceId, t.epoch] }),
    check('unusable_windows_reason', sql`${t.reason} in ('never_ready', 'lost', 'preempted')`),
    check('unusable_windows_times', sql`${t.unusableFrom} < ${t.unusableTo}`),
  ],
);

/** Immutable: charges of unusable time that were given back. */
export const credits = pgTable(
  'credits',
  {
    id: text('id').primaryKey(),
    ...tenant(),
    sourceKind: text('source_kind').notNull(),
    sourceId: text('source_id').notNull(),
    epoch: integer('epoch').notNull(),
    reason: text('reason').notNull(),
    billLineId: text('bill_line_id').notNull(),
    amountMicros: micros('amount_micros').notNull(),
    currency: text('currency').notNull(),
    unusableFrom: instant('unusable_from').notNull(),
    unusableTo: instant('unusable_to').notNull(),
    createdAt: instant('created_at').notNull(),
  },
  (t) => [
    check('credits_amount', sql`${t.amountMicros} > 0`),
    index('credits_tenant').on(t.accountId, t.workspaceId, t.id),
    index('credits_line').on(t.billLineId),
  ],
);

/** Immutable: which charge a credit looked at, and what it gave back of it. A charge is looked at once. */
export const creditedCharges = pgTable('credited_charges', {
  chargeId: text('charge_id').primaryKey(),
  /** Null where the unusable time held nothing of it. */
  creditId: text('credit_id').references(() => credits.id),
  amountMicros: micros('amount_micros').notNull(),
});
