import { CURRENCY } from '@suanli/kernel';
import type {
  Order as OrderMessage,
  Plan as PlanMessage,
  RenewalAttempt as AttemptMessage,
  Subscription as SubscriptionMessage,
} from '@suanli/proto/suanli/billing/v1/plan.ts';
import type { SubscriptionAnswer } from '../../../app/plans/purchase-plan.ts';
import { type Order, orderState } from '../../../domain/order/order.ts';
import type { RenewalAttempt } from '../../../domain/plan/decide-period.ts';
import type { Plan } from '../../../domain/plan/plan.ts';
import type { Subscription } from '../../../domain/plan/subscription.ts';
import { writeTenant } from '../../proto-tenant.ts';

const at = (instant: number | undefined) => (instant === undefined ? undefined : new Date(instant));

export function planMessage(plan: Plan): PlanMessage {
  const { id, code, version, name, period, priceMicros, family, benefit } = plan;
  return {
    planId: id,
    ...{ code, version, name, period, priceMicros, family },
    currency: CURRENCY,
    benefit: benefitMessage(benefit),
    effectiveFrom: at(plan.effectiveFrom),
    withdrawn: plan.isWithdrawn,
  };
}

function benefitMessage(benefit: Plan['benefit']): PlanMessage['benefit'] {
  if (benefit.kind === 'reservation') {
    const { item, region, count } = benefit;
    return { $case: 'reservation', value: { item, region, count } };
  }
  const { amountMicros, products, items, regions } = benefit;
  return {
    $case: 'credit',
    value: { amountMicros, products: [...products], items: [...items], regions: [...regions] },
  };
}

export function subscriptionMessage(one: Subscription): SubscriptionMessage {
  const { terms, next, scheduled } = one;
  return {
    subscriptionId: one.id,
    tenant: writeTenant(one.tenant),
    status: one.status,
    endReason: one.endReason ?? '',
    ...terms,
    currency: CURRENCY,
    expiryMode: one.expiryMode,
    periodFrom: at(one.periodFrom),
    periodTo: at(one.periodTo),
    nextOrderId: next?.orderId ?? '',
    scheduledPlanCode: scheduled?.planCode ?? '',
    scheduledQuantity: scheduled?.quantity ?? 0,
    dueAt: at(one.dueAt),
    createdAt: at(one.createdAt),
    endedAt: at(one.endedAt),
  };
}

export function answerMessage({ subscription, orders, refundedMicros }: SubscriptionAnswer) {
  return { subscription: subscriptionMessage(subscription), orders: orders.map(orderMessage), refundedMicros };
}

export function attemptMessage(attempt: RenewalAttempt): AttemptMessage {
  const { number, result, amountMicros, missingMicros, orderId = '', attemptedAt } = attempt;
  return { number, result, amountMicros, missingMicros, orderId, attemptedAt: at(attemptedAt) };
}

export function orderMessage(order: Order): OrderMessage {
  const { id, tenant, kind, subjectId, title, amountMicros, refundedMicros, currency } = order;
  return {
    orderId: id,
    tenant: writeTenant(tenant),
    state: orderState(order),
    ...{ kind, subjectId, title, amountMicros, refundedMicros, currency },
    periodFrom: at(order.periodFrom),
    periodTo: at(order.periodTo),
    createdAt: at(order.createdAt),
  };
}
