import type { RenewalAttempt } from '../../../domain/plan/decide-period.ts';
import type { Plan, PlanBenefit } from '../../../domain/plan/plan.ts';
import type { ExpiryMode } from '../../../domain/plan/policy.ts';
import type { EndReason, Subscription, Terms } from '../../../domain/plan/subscription.ts';
import type { Order } from '../../../domain/order/order.ts';
import { fromTenant, toTenant } from '../rows.ts';
import type { orders, plans, renewalAttempts, subscriptions } from '../schema/index.ts';
import { fromTaggedJson, toTaggedJson } from '../tagged-json.ts';

/** Between rows and the domain: times are instants there, absent things are absent, a tenant is one value. */

export function toPlan(row: typeof plans.$inferSelect): Plan {
  return { ...row, benefit: fromTaggedJson<PlanBenefit>(row.benefit), effectiveFrom: row.effectiveFrom.getTime() };
}

export function fromPlan(plan: Plan): typeof plans.$inferInsert {
  return { ...plan, benefit: toTaggedJson(plan.benefit), effectiveFrom: new Date(plan.effectiveFrom) };
}

export function toSubscription(row: typeof subscriptions.$inferSelect): Subscription {
  const { planId, planCode, quantity, priceMicros } = row;
  return {
    id: row.id,
    tenant: toTenant(row),
    status: row.status,
    ...(row.endReason !== null && { endReason: row.endReason as EndReason }),
    terms: { planId, planCode, quantity, priceMicros },
    expiryMode: row.expiryMode as ExpiryMode,
    anchorAt: row.anchorAt.getTime(),
    period: row.period,
    periodIndex: row.periodIndex,
    periodFrom: row.periodFrom.getTime(),
    periodTo: row.periodTo.getTime(),
    orderId: row.orderId,
    ...(row.next !== null && { next: fromTaggedJson<{ terms: Terms; orderId: string }>(row.next) }),
    ...(row.scheduled !== null && { scheduled: fromTaggedJson<{ planCode: string; quantity: number }>(row.scheduled) }),
    ...(row.lastAttempt !== null && { lastAttempt: row.lastAttempt }),
    ...(row.dueAt !== null && { dueAt: row.dueAt.getTime() }),
    version: row.version,
    createdAt: row.createdAt.getTime(),
    ...(row.endedAt !== null && { endedAt: row.endedAt.getTime() }),
  };
}

export function fromSubscription(one: Subscription): typeof subscriptions.$inferInsert {
  const { tenant, terms, ...rest } = one;
  return {
    ...rest,
    ...terms,
    ...fromTenant(tenant),
    endReason: one.endReason ?? null,
    anchorAt: new Date(one.anchorAt),
    periodFrom: new Date(one.periodFrom),
    periodTo: new Date(one.periodTo),
    next: one.next === undefined ? null : toTaggedJson(one.next),
    scheduled: one.scheduled === undefined ? null : toTaggedJson(one.scheduled),
    lastAttempt: one.lastAttempt ?? null,
    dueAt: one.dueAt === undefined ? null : new Date(one.dueAt),
    createdAt: new Date(one.createdAt),
    endedAt: one.endedAt === undefined ? null : new Date(one.endedAt),
  };
}

export function toAttempt(row: typeof renewalAttempts.$inferSelect): RenewalAttempt {
  const { orderId, attemptedAt, result, ...rest } = row;
  return {
    ...rest,
    result: result as RenewalAttempt['result'],
    ...(orderId !== null && { orderId }),
    attemptedAt: attemptedAt.getTime(),
  };
}

export function toOrder(row: typeof orders.$inferSelect): Order {
  const { id, kind, subjectId, title, amountMicros, refundedMicros, currency, periodIndex } = row;
  return {
    ...{ id, kind, subjectId, title, amountMicros, refundedMicros, currency, periodIndex },
    tenant: toTenant(row),
    ...(row.periodFrom !== null && { periodFrom: row.periodFrom.getTime() }),
    ...(row.periodTo !== null && { periodTo: row.periodTo.getTime() }),
    createdAt: row.createdAt.getTime(),
  };
}

export function fromOrder({ tenant, periodFrom, periodTo, ...order }: Order): typeof orders.$inferInsert {
  return {
    ...order,
    ...fromTenant(tenant),
    periodFrom: periodFrom === undefined ? null : new Date(periodFrom),
    periodTo: periodTo === undefined ? null : new Date(periodTo),
    createdAt: new Date(order.createdAt),
  };
}
