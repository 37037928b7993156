import type { Tx } from '@suanli/postgres';
import { and, asc, eq, inArray, lte } from 'drizzle-orm';
import type { OrderStore, PlanStore, SubscriptionStore } from '../../../app/plans/ports.ts';
import { orders, plans, renewalAttempts, subscriptions } from '../schema/index.ts';
import { fromOrder, fromPlan, fromSubscription, toOrder, toPlan, toSubscription } from './plan-rows.ts';

export function planStore(tx: Tx): PlanStore {
  return {
    async versions(codes) {
      const rows = await tx
        .select()
        .from(plans)
        .where(inArray(plans.code, [...codes]));
      return rows.map(toPlan);
    },
    async get(planId) {
      const [row] = await tx.select().from(plans).where(eq(plans.id, planId));
      return row && toPlan(row);
    },
    async isEmpty() {
      return (await tx.select({ id: plans.id }).from(plans).limit(1)).length === 0;
    },
    async insert(versions) {
      if (versions.length > 0) await tx.insert(plans).values(versions.map(fromPlan));
    },
  };
}

export function subscriptionStore(tx: Tx): SubscriptionStore {
  return {
    async get(id) {
      const [row] = await tx.select().from(subscriptions).where(eq(subscriptions.id, id));
      return row && toSubscription(row);
    },
    async save(subscription) {
      const row = fromSubscription(subscription);
      await tx.insert(subscriptions).values(row).onConflictDoUpdate({ target: subscriptions.id, set: row });
    },
    async findDue(now, limit) {
      const rows = await tx
        .select()
        .from(subscriptions)
        .where(lte(subscriptions.dueAt, new Date(now)))
        .orderBy(asc(subscriptions.dueAt), asc(subscriptions.id))
        .limit(limit);
      return rows.map(toSubscription);
    },
    async recordAttempt({ orderId, attemptedAt, ...attempt }) {
      await tx
        .insert(renewalAttempts)
        .values({ ...attempt, orderId: orderId ?? null, attemptedAt: new Date(attemptedAt) });
    },
  };
}

export function orderStore(tx: Tx): OrderStore {
  return {
    async get(id) {
      const [row] = await tx.select().from(orders).where(eq(orders.id, id));
      return row && toOrder(row);
    },
    async insert(order) {
      await tx.insert(orders).values(fromOrder(order));
    },
    async saveRefunded({ id, refundedMicros }) {
      await tx.update(orders).set({ refundedMicros }).where(eq(orders.id, id));
    },
    async ofPeriod(subjectId, periodIndex) {
      const rows = await tx
        .select()
        .from(orders)
        .where(and(eq(orders.subjectId, subjectId), eq(orders.periodIndex, periodIndex)));
      return rows.map(toOrder);
    },
  };
}
