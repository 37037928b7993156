import type { Database } from '@suanli/postgres';
import { and, desc, eq, sql } from 'drizzle-orm';
import type { PlanReads } from '../../../app/plans/ports.ts';
import { orders, plans, renewalAttempts, subscriptions } from '../schema/index.ts';
import { pageOf } from '../page-of.ts';
import { before, sees } from './pages.ts';
import { toAttempt, toOrder, toPlan, toSubscription } from './plan-rows.ts';

export function planReads(db: Database): PlanReads {
  return {
    async plansOnSale(at, page) {
      const latest = db
        .selectDistinctOn([plans.code])
        .from(plans)
        .where(
          and(
            sql`${plans.effectiveFrom} <= ${new Date(at).toISOString()}::timestamptz`,
            page.after === undefined ? undefined : sql`${plans.code} > ${page.after}`,
          ),
        )
        .orderBy(plans.code, desc(plans.version))
        .as('latest');
      const rows = await db
        .select()
        .from(latest)
        .where(eq(latest.isWithdrawn, false))
        .orderBy(latest.code)
        .limit(page.limit + 1);
      return pageOf(rows.map(toPlan), page, (plan) => plan.code);
    },
    async subscriptions(visible, page, status) {
      const isAsked = status === '' ? undefined : sql`${subscriptions.status} = ${status}`;
      const rows = await db
        .select()
        .from(subscriptions)
        .where(and(sees(visible, subscriptions), isAsked, before(subscriptions.id, page)))
        .orderBy(desc(subscriptions.id))
        .limit(page.limit + 1);
      return pageOf(rows.map(toSubscription), page, (one) => one.id);
    },
    async subscription(visible, id) {
      const [row] = await db
        .select()
        .from(subscriptions)
        .where(and(sees(visible, subscriptions), eq(subscriptions.id, id)));
      return row && toSubscription(row);
    },
    async renewalAttempts(subscriptionId, limit) {
      const rows = await db
        .select()
        .from(renewalAttempts)
        .where(eq(renewalAttempts.subscriptionId, subscriptionId))
        .orderBy(desc(renewalAttempts.sequence))
        .limit(limit);
      return rows.map(toAttempt);
    },
    async orders(visible, page, kind) {
      const isAsked = kind === '' ? undefined : sql`${orders.kind} = ${kind}`;
      const rows = await db
        .select()
        .from(orders)
        .where(and(sees(visible, orders), isAsked, before(orders.id, page)))
        .orderBy(desc(orders.id))
        .limit(page.limit + 1);
      return pageOf(rows.map(toOrder), page, (order) => order.id);
    },
    async order(visible, id) {
      const [row] = await db
        .select()
        .from(orders)
        .where(and(sees(visible, orders), eq(orders.id, id)));
      return row && toOrder(row);
    },
  };
}
