import { sql } from 'drizzle-orm';
import { bigint, boolean, check, index, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import type { BudgetScope, BudgetWindow } from '../../../domain/budget/budget.ts';
import { instant, micros } from './columns.ts';

/** Changed under the lock of the account's wallet alone. */
export const budgets = pgTable(
  'budgets',
  {
    id: text('id').primaryKey(),
    accountId: text('account_id').notNull(),
    name: text('name').notNull(),
    scopeKind: text('scope_kind').$type<BudgetScope['kind']>().notNull(),
    scopeId: text('scope_id').notNull(),
    dayMicros: micros('day_micros'),
    weekMicros: micros('week_micros'),
    monthMicros: micros('month_micros'),
    totalMicros: micros('total_micros'),
    zone: text('zone').notNull(),
    isHard: boolean('is_hard').notNull(),
    thresholds: integer('thresholds').array().notNull(),
    /** What open holds that (may) count here have left. */
    reservedMicros: micros('reserved_micros').notNull(),
    status: text('status').$type<'active' | 'deleted'>().notNull(),
    version: bigint('version', { mode: 'bigint' }).notNull(),
    createdAt: instant('created_at').notNull(),
    updatedAt: instant('updated_at').notNull(),
  },
  (t) => [
    check('budgets_reserved', sql`${t.reservedMicros} >= 0`),
    check('budgets_limits', sql`least(${t.dayMicros}, ${t.weekMicros}, ${t.monthMicros}, ${t.totalMicros}) > 0`),
    check('budgets_scope', sql`(${t.scopeKind} = 'account') = (${t.scopeId} = '')`),
    check('budgets_status', sql`${t.status} in ('active', 'deleted')`),
    index('budgets_of_account').on(t.accountId, t.id).where(sql`status = 'active'`),
  ],
);

/** What one window of a budget has seen charged; begins with its first charge. */
export const budgetCounters = pgTable(
  'budget_counters',
  {
    budgetId: text('budget_id')
      .notNull()
      .references(() => budgets.id),
    window: text('window_kind').$type<BudgetWindow>().notNull(),
    startsAt: instant('starts_at').notNull(),
    /** Null for the window that never ends. */
    endsAt: instant('ends_at'),
    spentMicros: micros('spent_micros').notNull(),
    toldPercents: integer('told_percents').array().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.budgetId, t.window, t.startsAt] }),
    check('budget_counters_window', sql`${t.window} in ('day', 'week', 'month', 'total')`),
    check('budget_counters_ends', sql`(${t.window} = 'total') = (${t.endsAt} is null)`),
  ],
);
