import type { Instant, Micros, TenantPath } from '@suanli/kernel';
import { SHANGHAI } from '../calendar/calendar.ts';
import { MAX_AMOUNT_MICROS } from '../hold/hold.ts';
import { MAX_PLAN_QUANTITY, type Plan } from './plan.ts';
import { type ExpiryMode, releaseRule } from './policy.ts';
import { periodOf, releaseMicros, upgradeMicros } from './proration.ts';
import { currentPeriod, type Subscription, type Terms, termsOf, withDueAt } from './subscription.ts';

export type PlanRefusalReason =
  | 'plan_not_found'
  | 'quantity_out_of_range'
  | 'subscription_not_found'
  | 'subscription_ended'
  | 'plan_change_not_allowed'
  | 'request_id_reused';

export type PlanRefusal = { reason: PlanRefusalReason };
type Refused = { kind: 'refused'; refusal: PlanRefusal };

/** Money that a change moves: what is paid now, and what comes back of orders that were paid before. */
export type SubscriptionMoney = {
  charge?: { kind: 'purchase' | 'upgrade' | 'renewal'; terms: Terms; amountMicros: Micros };
  /** Of the orders of the running period, newest first. */
  release?: { refundMicros: Micros; feeMicros: Micros };
  /** An order that comes back whole. */
  refundOrderId?: string;
};
export type SubscriptionDecision = { kind: 'changed'; subscription: Subscription; money: SubscriptionMoney } | Refused;

type Context = { now: Instant; newId: (prefix: string) => string };

export type Purchase = { tenant: TenantPath; plan: Plan | undefined; quantity: number; expiryMode: ExpiryMode };

/** Buys `quantity` units of a plan from now on, paid in advance. */
export function decidePurchase({ tenant, plan, quantity, expiryMode }: Purchase, ctx: Context): SubscriptionDecision {
  if (plan === undefined) return refused('plan_not_found');
  if (!isQuantity(plan, quantity)) return refused('quantity_out_of_range');
  const { from, to } = periodOf(ctx.now, plan.period, 0, SHANGHAI);
  const terms = termsOf(plan, quantity);
  const subscription: Subscription = {
    id: ctx.newId('sub'),
    tenant,
    status: 'active',
    terms,
    expiryMode,
    anchorAt: from,
    period: plan.period,
    periodIndex: 0,
    periodFrom: from,
    periodTo: to,
    orderId: ctx.newId('ord'),
    version: 1n,
    createdAt: ctx.now,
  };
  const charge = { kind: 'purchase' as const, terms, amountMicros: terms.priceMicros };
  return { kind: 'changed', subscription: withDueAt(subscription, ctx.now), money: { charge } };
}

/**
 * Another plan of the family, or another quantity. A dearer one begins at once and costs the difference for the seconds
 * that remain; any other begins with the next period. A next period that was paid already comes back whole.
 */
export function decidePlanChange(
  subscription: Subscription,
  wish: { plan: Plan | undefined; present: Plan; quantity: number },
  ctx: Context,
): SubscriptionDecision {
  const { plan, present, quantity } = wish;
  if (isOver(subscription, ctx.now)) return refused('subscription_ended');
  if (plan === undefined) return refused('plan_not_found');
  if (!isQuantity(plan, quantity)) return refused('quantity_out_of_range');
  const isSame = plan.code === subscription.terms.planCode && quantity === subscription.terms.quantity;
  const isOther = plan.family !== present.family || plan.benefit.kind !== present.benefit.kind;
  if (isSame || isOther || plan.period !== subscription.period) return refused('plan_change_not_allowed');
  const { rest, refund } = withoutNext(subscription);
  const terms = termsOf(plan, quantity);
  if (terms.priceMicros <= subscription.terms.priceMicros) {
    return changed({ ...rest, scheduled: { planCode: plan.code, quantity } }, refund, ctx.now);
  }
  const { scheduled: _dropped, ...kept } = rest;
  const amountMicros = upgradeMicros(
    subscription.terms.priceMicros,
    terms.priceMicros,
    currentPeriod(subscription),
    ctx.now,
  );
  return changed(
    { ...kept, terms, orderId: ctx.newId('ord') },
    { ...refund, charge: { kind: 'upgrade', terms, amountMicros } },
    ctx.now,
  );
}

/** What happens when the period ends. Anything but `renew` gives a paid next period back whole. */
export function decideExpiryMode(subscription: Subscription, mode: ExpiryMode, ctx: Context): SubscriptionDecision {
  if (isOver(subscription, ctx.now)) return refused('subscription_ended');
  if (mode === 'renew') return changed({ ...subscription, expiryMode: mode }, {}, ctx.now);
  const { rest, refund } = withoutNext(subscription);
  return changed({ ...rest, expiryMode: mode }, refund, ctx.now);
}

/** Gives the rest of the period up, now. What comes back is in the policy's table. */
export function decideRelease(subscription: Subscription, plan: Plan, ctx: Context): SubscriptionDecision {
  if (isOver(subscription, ctx.now)) return refused('subscription_ended');
  const rule = releaseRule(plan.benefit.kind, subscription.period);
  if (rule === undefined) return refused('plan_change_not_allowed');
  const { rest, refund } = withoutNext(subscription);
  const release = releaseMicros(subscription.terms.priceMicros, currentPeriod(subscription), ctx.now, rule);
  return changed(
    { ...rest, status: 'ended', endReason: 'released', endedAt: ctx.now },
    { ...refund, release },
    ctx.now,
  );
}

function changed(subscription: Subscription, money: SubscriptionMoney, now: Instant): SubscriptionDecision {
  return {
    kind: 'changed',
    subscription: withDueAt({ ...subscription, version: subscription.version + 1n }, now),
    money,
  };
}

/** A period that has run out and waits for the loop is not changed any more: its end decides. */
function isOver({ status, periodTo }: Subscription, now: Instant): boolean {
  return status === 'ended' || now >= periodTo;
}

function withoutNext(subscription: Subscription): { rest: Subscription; refund: SubscriptionMoney } {
  const { next, lastAttempt: _again, ...rest } = subscription;
  return next === undefined ? { rest: subscription, refund: {} } : { rest, refund: { refundOrderId: next.orderId } };
}

function isQuantity(plan: Plan, quantity: number): boolean {
  const isWhole = Number.isInteger(quantity) && quantity >= 1 && quantity <= MAX_PLAN_QUANTITY;
  return isWhole && plan.priceMicros * BigInt(quantity) <= MAX_AMOUNT_MICROS;
}

function refused(reason: PlanRefusalReason): Refused {
  return { kind: 'refused', refusal: { reason } };
}
