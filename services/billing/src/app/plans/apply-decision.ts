import { CURRENCY, type Micros } from '@suanli/kernel';
import type { LedgerBatch } from '../../domain/ledger/ledger-batch.ts';
import { payNow, type PayRefusal } from '../../domain/ledger/pay.ts';
import { CREDIT_SOURCE, transferOf } from '../../domain/ledger/transfer.ts';
import { emptyLot } from '../../domain/lot/grant-lot.ts';
import { type Order, refundableMicros, spreadRefund } from '../../domain/order/order.ts';
import type { SubscriptionDecision } from '../../domain/plan/decide-change.ts';
import type { Plan } from '../../domain/plan/plan.ts';
import { type Period, unusedMicros } from '../../domain/plan/proration.ts';
import { currentPeriod, type Subscription } from '../../domain/plan/subscription.ts';
import type { BillingStores } from '../ports.ts';
import { refundOfOrder } from '../../domain/refund/refund.ts';
import { recallCredit } from '../refunds/recall-credit.ts';
import { saveRefund } from '../refunds/save-refund.ts';
import type { PlanEvent, SubscriptionChange } from './ports.ts';

type Changed = Extract<SubscriptionDecision, { kind: 'changed' }>;
export type Applied =
  | { kind: 'applied'; subscription: Subscription; orders: Order[]; refundedMicros: Micros; events: PlanEvent[] }
  | { kind: 'refused'; refusal: PayRefusal };

/**
 * Moves the money of a decided change and keeps its rows: what comes back first, so that it can pay for what is bought
 * next. Rows are written once nothing can be refused any more.
 */
export async function applyDecision(
  stores: BillingStores,
  batch: LedgerBatch,
  of: {
    before: Subscription | undefined;
    decision: Changed;
    plan: Plan;
    /** The plan that was in force before. */
    present?: Plan;
    change: SubscriptionChange;
  },
): Promise<Applied> {
  const { before, decision, plan, change } = of;
  const { subscription, money } = decision;
  const shares = await sharesBack(stores, before, money);
  await recallCredit(
    stores,
    batch,
    shares.map((share) => share.order.id),
  );
  const why = change === 'ended' ? 'early_release' : 'next_period_changed';
  const refunded = shares.map((share) => refundOfOrder(batch, share.order, share.amountMicros, why));
  const orders: Order[] = [];
  if (money.charge !== undefined) {
    const { kind, amountMicros } = money.charge;
    const order = orderOf(subscription, plan, { kind, amountMicros }, currentPeriod(subscription), batch.now);
    const refusal = payOrder(batch, order, plan);
    if (refusal !== undefined) return { kind: 'refused', refusal };
    orders.push(order);
    const given = before === undefined || of.present === undefined ? 0n : creditOf(of.present, before.terms.quantity);
    grantCredit(batch, subscription, plan, given);
  }
  for (const one of refunded) await saveRefund(stores, one);
  await stores.subscriptions.save(subscription);
  for (const order of orders) await stores.orders.insert(order);
  const refundedMicros = shares.reduce((sum, share) => sum + share.amountMicros, 0n);
  return { kind: 'applied', subscription, orders, refundedMicros, events: eventsOf(subscription, plan, change) };
}

/** Orders of which money comes back, as much as each has left of it. */
async function sharesBack(stores: BillingStores, before: Subscription | undefined, money: Changed['money']) {
  const next = money.refundOrderId === undefined ? undefined : await stores.orders.get(money.refundOrderId);
  const whole = next === undefined ? [] : spreadRefund([next], refundableMicros(next));
  if (before === undefined || money.release === undefined) return whole;
  const running = await stores.orders.ofPeriod(before.id, before.periodIndex);
  return [...whole, ...spreadRefund(running, money.release.refundMicros)];
}

export function orderOf(
  subscription: Subscription,
  plan: Plan,
  paid: Pick<Order, 'kind' | 'amountMicros'> & { id?: string; periodIndex?: number },
  period: Period,
  now: number,
): Order {
  const { terms, tenant, periodIndex } = subscription;
  return {
    id: paid.id ?? subscription.orderId,
    tenant,
    kind: paid.kind,
    subjectId: subscription.id,
    title: terms.quantity === 1 ? plan.name : `${plan.name} × ${terms.quantity}`,
    amountMicros: paid.amountMicros,
    refundedMicros: 0n,
    currency: CURRENCY,
    periodIndex: paid.periodIndex ?? periodIndex,
    periodFrom: paid.kind === 'upgrade' ? now : period.from,
    periodTo: period.to,
    createdAt: now,
  };
}

/** Pays an order out of the wallet. In the last second of a period a change may cost nothing. */
export function payOrder(batch: LedgerBatch, order: Order, plan: Plan): PayRefusal | undefined {
  const { amountMicros, id: reference } = order;
  if (amountMicros === 0n) return undefined;
  const { benefit } = plan;
  const scope =
    benefit.kind === 'reservation'
      ? { product: 'reservation', item: benefit.item, region: benefit.region }
      : { product: 'plan', item: plan.code, region: '' };
  const decision = payNow(batch, {
    accountId: order.tenant.accountId,
    tenant: order.tenant,
    amountMicros,
    scope,
    code: 'purchase',
    reference,
  });
  return decision.kind === 'refused' ? decision.refusal : undefined;
}

export function creditOf({ benefit }: Plan, quantity: number): Micros {
  return benefit.kind === 'credit' ? benefit.amountMicros * BigInt(quantity) : 0n;
}

/** Used before credit that lasts longer. */
const PLAN_CREDIT_PRIORITY = 10;

/**
 * The credit of the running period: of the seconds that remain, and less what a cheaper plan has given for them. It is
 * paid for, so a frozen wallet gets it too.
 */
export function grantCredit(batch: LedgerBatch, subscription: Subscription, plan: Plan, givenMicros: Micros): void {
  const { terms, orderId, tenant, periodFrom, periodTo } = subscription;
  const wallet = batch.walletOf(tenant.accountId);
  const rest = (whole: Micros) => unusedMicros(whole, currentPeriod(subscription), batch.now);
  const isChange = givenMicros > 0n;
  const whole = creditOf(plan, terms.quantity);
  const amountMicros = isChange ? rest(whole) - rest(givenMicros) : whole;
  if (plan.benefit.kind !== 'credit' || wallet === undefined || amountMicros <= 0n || batch.now >= periodTo) return;
  const { products, items, regions } = plan.benefit;
  const credit = { amountMicros, effectiveAt: periodFrom, expiresAt: periodTo, reason: 'plan', reference: orderId };
  const applicability = { products, items, regions };
  const kind = { kind: 'promotional' as const, priority: PLAN_CREDIT_PRIORITY };
  const lot = emptyLot(wallet, { ...kind, ...credit, applicability }, batch);
  const transfer = transferOf({
    id: batch.newId('trf'),
    kind: 'post',
    code: 'grant',
    fromAccountId: CREDIT_SOURCE.promotional,
    toAccountId: wallet.id,
    amountMicros,
    lotParts: [{ lotId: lot.id, amountMicros }],
    reference: lot.id,
    createdAt: batch.now,
  });
  batch.apply({ transfers: [transfer], newLots: [lot] });
}

export function eventsOf(subscription: Subscription, plan: Plan, change: SubscriptionChange): PlanEvent[] {
  const events: PlanEvent[] = [{ kind: 'subscription_changed', subscription, change }];
  if (plan.benefit.kind !== 'reservation' || change === 'renewal_failed') return events;
  const kind = change === 'ended' ? ('reservation_ended' as const) : ('reservation_purchased' as const);
  return [...events, { kind, subscription, plan }];
}
