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
import { instant, micros, tenant } from './columns.ts';

/** Immutable: a change of price or benefit is another version. */
export const plans = pgTable(
  'plans',
  {
    id: text('id').primaryKey(),
    code: text('code').notNull(),
    version: integer('version').notNull(),
    name: text('name').notNull(),
    period: text('period').$type<'month' | 'year'>().notNull(),
    priceMicros: micros('price_micros').notNull(),
    benefit: jsonb('benefit').$type<unknown>().notNull(),
    family: text('family').notNull(),
    effectiveFrom: instant('effective_from').notNull(),
    isWithdrawn: boolean('is_withdrawn').notNull(),
  },
  (t) => [
    uniqueIndex('plans_version').on(t.code, t.version),
    check('plans_period', sql`${t.period} in ('month', 'year')`),
    check('plans_positive', sql`${t.priceMicros} > 0 and ${t.version} > 0`),
  ],
);

export const subscriptions = pgTable(
  'subscriptions',
  {
    id: text('id').primaryKey(),
    ...tenant(),
    status: text('status').$type<'active' | 'ended'>().notNull(),
    endReason: text('end_reason'),
    planId: text('plan_id')
      .notNull()
      .references(() => plans.id),
    planCode: text('plan_code').notNull(),
    quantity: integer('quantity').notNull(),
    priceMicros: micros('price_micros').notNull(),
    expiryMode: text('expiry_mode').notNull(),
    anchorAt: instant('anchor_at').notNull(),
    period: text('period').$type<'month' | 'year'>().notNull(),
    periodIndex: integer('period_index').notNull(),
    periodFrom: instant('period_from').notNull(),
    periodTo: instant('period_to').notNull(),
    orderId: text('order_id').notNull(),
    /** The next period when it is paid: terms and order. */
    next: jsonb('next').$type<unknown>(),
    /** A cheaper plan from the next period on. */
    scheduled: jsonb('scheduled').$type<unknown>(),
    lastAttempt: integer('last_attempt'),
    dueAt: instant('due_at'),
    version: bigint('version', { mode: 'bigint' }).notNull(),
    createdAt: instant('created_at').notNull(),
    endedAt: instant('ended_at'),
  },
  (t) => [
    check('subscriptions_status', sql`${t.status} in ('active', 'ended')`),
    check('subscriptions_ended', sql`(${t.status} = 'ended') = (${t.endedAt} is not null)`),
    check('subscriptions_due', sql`(${t.status} = 'active') = (${t.dueAt} is not null)`),
    check('subscriptions_period', sql`${t.periodFrom} < ${t.periodTo} and ${t.quantity} > 0`),
    index('subscriptions_tenant').on(t.accountId, t.workspaceId, t.id),
    index('subscriptions_due_at').on(t.dueAt).where(sql`due_at is not null`),
  ],
);

/** Immutable: how each attempt to pay a next period ended. */
export const renewalAttempts = pgTable(
  'renewal_attempts',
  {
    subscriptionId: text('subscription_id')
      .notNull()
      .references(() => subscriptions.id),
    periodIndex: integer('period_index').notNull(),
    /** Grows with each attempt of the subscription, so that a period tried again has room. */
    sequence: bigint('sequence', { mode: 'bigint' }).notNull(),
    number: integer('number').notNull(),
    result: text('result').notNull(),
    amountMicros: micros('amount_micros').notNull(),
    missingMicros: micros('missing_micros').notNull(),
    orderId: text('order_id'),
    attemptedAt: instant('attempted_at').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.subscriptionId, t.sequence] }),
    check('renewal_attempts_paid', sql`(${t.result} = 'paid') = (${t.orderId} is not null)`),
  ],
);

/** What was bought, paid in or redeemed. Only what came back of it changes. */
export const orders = pgTable(
  'orders',
  {
    id: text('id').primaryKey(),
    ...tenant(),
    kind: text('kind').$type<'purchase' | 'renewal' | 'upgrade' | 'voucher' | 'recharge'>().notNull(),
    subjectId: text('subject_id').notNull(),
    title: text('title').notNull(),
    amountMicros: micros('amount_micros').notNull(),
    refundedMicros: micros('refunded_micros').notNull().default(sql`0`),
    currency: text('currency').notNull(),
    periodIndex: integer('period_index').notNull(),
    periodFrom: instant('period_from'),
    periodTo: instant('period_to'),
    createdAt: instant('created_at').notNull(),
  },
  (t) => [
    check('orders_kind', sql`${t.kind} in ('purchase', 'renewal', 'upgrade', 'voucher', 'recharge')`),
    check('orders_refunded', sql`${t.refundedMicros} between 0 and ${t.amountMicros}`),
    index('orders_tenant').on(t.accountId, t.workspaceId, t.id),
    index('orders_subject').on(t.subjectId, t.periodIndex),
    // A period is paid once, whatever goes wrong above: a second payment needs the first to have come back whole.
    uniqueIndex('orders_period_paid_once')
      .on(t.subjectId, t.periodIndex)
      .where(sql`kind in ('purchase', 'renewal') and refunded_micros < amount_micros`),
  ],
);
