import { grpcError, invalidArgument, publicHandler, refuse, type TokenVerifier, unary } from '@suanli/grpc-kit';
import {
  OrderServiceService,
  type OrderServiceServer,
  PlanServiceService,
  type PlanServiceServer,
} from '@suanli/proto/suanli/billing/v1/plan.ts';
import { changePlan, releaseSubscription, setExpiryMode } from '../../../app/plans/change-subscription.ts';
import { publishPlans } from '../../../app/plans/publish-plans.ts';
import { purchasePlan, type SubscriptionResult } from '../../../app/plans/purchase-plan.ts';
import type { BillingDeps } from '../../../app/ports.ts';
import { COMMITMENT_POLICY, type ExpiryMode, isExpiryMode } from '../../../domain/plan/policy.ts';
import { pageInfo, readPage } from '../page.ts';
import { requireBatch, requireRequestId } from '../require.ts';
import { orderNotFound, planRefusal, subscriptionNotFound } from './commerce-refusals.ts';
import { answerMessage, attemptMessage, orderMessage, planMessage, subscriptionMessage } from './plan-messages.ts';
import { readPlan } from './read-plan.ts';

const TENANTS = ['owner', 'admin', 'developer', 'viewer'] as const;
const STATUSES = ['', 'active', 'ended'];
const ORDER_KINDS = ['', 'purchase', 'renewal', 'upgrade', 'voucher', 'recharge'];
/** The attempts of some months. */
const MAX_ATTEMPTS = 50;
const MAX_PLANS = 100;

/** What can be bought for a period, and what was. */
export function planService(deps: BillingDeps, verifier: TokenVerifier) {
  const anyone = publicHandler(verifier, { scope: 'billing:read' });
  const read = publicHandler(verifier, { scope: 'billing:read', roles: TENANTS });
  const write = publicHandler(verifier, { scope: 'billing:write', roles: TENANTS });
  const operate = publicHandler(verifier, { scope: 'billing:write', roles: ['operator'] });
  const implementation: PlanServiceServer = {
    listPlans: unary(anyone, async (_ctx, request) => {
      const page = await deps.reads.plansOnSale(deps.clock.now(), readPage('plans', request.page));
      return { plans: page.rows.map(planMessage), page: pageInfo('plans', page) };
    }),
    getCommitmentPolicy: unary(anyone, async () => ({ policyJson: JSON.stringify(COMMITMENT_POLICY) })),
    publishPlans: unary(operate, async (_ctx, { plans }) => {
      const wanted = requireBatch(plans, MAX_PLANS).map((plan) => readPlan(plan, deps.clock.now()));
      return { plans: (await publishPlans(deps, wanted)).map(planMessage) };
    }),
    purchasePlan: unary(write, async (ctx, request) => {
      const { planCode, quantity } = request;
      const requestId = requireRequestId(request.requestId);
      const expiryMode = requireExpiryMode(request.expiryMode);
      return answered(await purchasePlan(deps, ctx, { requestId, planCode, quantity, expiryMode }));
    }),
    listSubscriptions: unary(read, async (ctx, { page: asked, status }) => {
      requireOneOf('STATUS_UNKNOWN', STATUSES, status);
      const page = await deps.reads.subscriptions(ctx.tenant, readPage('subscriptions', asked), status);
      return { subscriptions: page.rows.map(subscriptionMessage), page: pageInfo('subscriptions', page) };
    }),
    getSubscription: unary(read, async (ctx, { subscriptionId }) => {
      const found = await deps.reads.subscription(ctx.tenant, subscriptionId);
      if (found === undefined) return refuse(subscriptionNotFound);
      const attempts = await deps.reads.renewalAttempts(found.id, MAX_ATTEMPTS);
      return { subscription: subscriptionMessage(found), attempts: attempts.map(attemptMessage) };
    }),
    changePlan: unary(write, async (ctx, { subscriptionId, planCode, quantity, ...request }) => {
      const requestId = requireRequestId(request.requestId);
      return answered(await changePlan(deps, ctx, { requestId, subscriptionId, planCode, quantity }));
    }),
    setExpiryMode: unary(write, async (ctx, { subscriptionId, ...request }) => {
      const requestId = requireRequestId(request.requestId);
      const expiryMode = requireExpiryMode(request.expiryMode);
      return answered(await setExpiryMode(deps, ctx, { requestId, subscriptionId, expiryMode }));
    }),
    releaseSubscription: unary(write, async (ctx, { subscriptionId, ...request }) => {
      const requestId = requireRequestId(request.requestId);
      return answered(await releaseSubscription(deps, ctx, { requestId, subscriptionId }));
    }),
  };
  return { definition: PlanServiceService, implementation };
}

/** What was bought, with its money. */
export function orderService(deps: BillingDeps, verifier: TokenVerifier) {
  const read = publicHandler(verifier, { scope: 'billing:read', roles: TENANTS });
  const implementation: OrderServiceServer = {
    listOrders: unary(read, async (ctx, { page: asked, kind }) => {
      requireOneOf('ORDER_KIND_UNKNOWN', ORDER_KINDS, kind);
      const page = await deps.reads.orders(ctx.tenant, readPage('orders', asked), kind);
      return { orders: page.rows.map(orderMessage), page: pageInfo('orders', page) };
    }),
    getOrder: unary(read, async (ctx, { orderId }) => {
      const order = await deps.reads.order(ctx.tenant, orderId);
      return order === undefined ? refuse(orderNotFound) : { order: orderMessage(order) };
    }),
  };
  return { definition: OrderServiceService, implementation };
}

function answered(result: SubscriptionResult) {
  return result.kind === 'refused' ? refuse(planRefusal(result.refusal)) : answerMessage(result);
}

function requireExpiryMode(mode: string): ExpiryMode {
  if (isExpiryMode(mode)) return mode;
  const known = COMMITMENT_POLICY.expiry.map((rule) => rule.mode).join(', ');
  throw grpcError(invalidArgument('EXPIRY_MODE_UNKNOWN', `expiry_mode must be one of ${known}`, { mode }));
}

export function requireOneOf(reason: string, known: readonly string[], value: string): void {
  if (!known.includes(value)) throw grpcError(invalidArgument(reason, `must be one of ${known.slice(1).join(', ')}`));
}
