import type { Order, Plan, RenewalAttempt, Subscription } from '@suanli/proto/suanli/billing/v1/plan.ts';
import { z } from 'zod';
import { currency, instant, micros, timeOf } from '../../../schemas.ts';

const creditBenefit = z.object({
  kind: z.literal('credit'),
  amount_micros: micros,
  products: z.array(z.string()),
  items: z.array(z.string()),
  regions: z.array(z.string()),
});
const reservationBenefit = z.object({
  kind: z.literal('reservation'),
  item: z.string(),
  region: z.string(),
  count: z.number(),
});

export const planView = z.object({
  id: z.string(),
  code: z.string(),
  version: z.number(),
  name: z.string(),
  period: z.string(),
  price_micros: micros,
  currency,
  benefit: z.discriminatedUnion('kind', [creditBenefit, reservationBenefit]),
  family: z.string(),
  effective_from: instant.optional(),
  withdrawn: z.boolean(),
});
export function toPlanView(plan: Plan): z.infer<typeof planView> {
  const { planId: id, code, version, name, period, family, withdrawn } = plan;
  return {
    ...{ id, code, version, name, period, family, withdrawn },
    price_micros: String(plan.priceMicros),
    currency: plan.currency,
    benefit: benefitView(plan),
    effective_from: timeOf(plan.effectiveFrom),
  };
}

function benefitView({ benefit, planId }: Plan): z.infer<typeof planView>['benefit'] {
  if (benefit === undefined) throw new Error(`plan ${planId} came without its benefit`);
  if (benefit.$case === 'reservation') return { kind: 'reservation', ...benefit.value };
  const { amountMicros, ...lists } = benefit.value;
  return { kind: 'credit', amount_micros: String(amountMicros), ...lists };
}

export const subscriptionView = z.object({
  id: z.string(),
  workspace_id: z.string(),
  status: z.string(),
  end_reason: z.string().optional(),
  plan: z.object({ id: z.string(), code: z.string() }),
  quantity: z.number(),
  price_micros: micros,
  currency,
  expiry_mode: z.string(),
  period_from: instant.optional(),
  period_to: instant.optional(),
  next_order_id: z.string().optional(),
  scheduled: z.object({ plan_code: z.string(), quantity: z.number() }).optional(),
  due_at: instant.optional(),
  created_at: instant.optional(),
  ended_at: instant.optional(),
  actions: z.array(z.string()),
});
export const toSubscriptionView = (one: Subscription): z.infer<typeof subscriptionView> => ({
  id: one.subscriptionId,
  workspace_id: one.tenant?.workspaceId ?? '',
  status: one.status,
  ...(one.endReason !== '' && { end_reason: one.endReason }),
  plan: { id: one.planId, code: one.planCode },
  quantity: one.quantity,
  price_micros: String(one.priceMicros),
  currency: one.currency,
  expiry_mode: one.expiryMode,
  period_from: timeOf(one.periodFrom),
  period_to: timeOf(one.periodTo),
  ...(one.nextOrderId !== '' && { next_order_id: one.nextOrderId }),
  ...(one.scheduledPlanCode !== '' && {
    scheduled: { plan_code: one.scheduledPlanCode, quantity: one.scheduledQuantity },
  }),
  due_at: timeOf(one.dueAt),
  created_at: timeOf(one.createdAt),
  ended_at: timeOf(one.endedAt),
  actions: one.status === 'active' ? ['change', 'set_expiry_mode', 'release'] : [],
});

export const attemptView = z.object({
  number: z.number(),
  result: z.string(),
  amount_micros: micros,
  missing_micros: micros,
  order_id: z.string().optional(),
  attempted_at: instant.optional(),
});
export const toAttemptView = (attempt: RenewalAttempt): z.infer<typeof attemptView> => ({
  number: attempt.number,
  result: attempt.result,
  amount_micros: String(attempt.amountMicros),
  missing_micros: String(attempt.missingMicros),
  ...(attempt.orderId !== '' && { order_id: attempt.orderId }),
  attempted_at: timeOf(attempt.attemptedAt),
});

export const orderView = z.object({
  id: z.string(),
  workspace_id: z.string(),
  kind: z.string(),
  state: z.string(),
  subject_id: z.string(),
  title: z.string(),
  amount_micros: micros,
  refunded_micros: micros,
  currency,
  period_from: instant.optional(),
  period_to: instant.optional(),
  created_at: instant.optional(),
});
export const toOrderView = (order: Order): z.infer<typeof orderView> => ({
  id: order.orderId,
  workspace_id: order.tenant?.workspaceId ?? '',
  kind: order.kind,
  state: order.state,
  subject_id: order.subjectId,
  title: order.title,
  amount_micros: String(order.amountMicros),
  refunded_micros: String(order.refundedMicros),
  currency: order.currency,
  period_from: timeOf(order.periodFrom),
  period_to: timeOf(order.periodTo),
  created_at: timeOf(order.createdAt),
});

export const changedView = z.object({
  subscription: subscriptionView,
  orders: z.array(orderView).meta({ description: 'What this paid' }),
  refunded_micros: micros.meta({ description: 'What came back into the wallet' }),
});
export function toChangedView(answer: {
  subscription?: Subscription | undefined;
  orders: Order[];
  refundedMicros: bigint;
}): z.infer<typeof changedView> {
  if (answer.subscription === undefined) throw new Error('billing answered without a subscription');
  return {
    subscription: toSubscriptionView(answer.subscription),
    orders: answer.orders.map(toOrderView),
    refunded_micros: String(answer.refundedMicros),
  };
}
