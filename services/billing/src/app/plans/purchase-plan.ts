import type { CallContext } from '@suanli/kernel';
import type { PayRefusal } from '../../domain/ledger/pay.ts';
import { decidePurchase, type PlanRefusal } from '../../domain/plan/decide-change.ts';
import { planOnSale } from '../../domain/plan/plan.ts';
import type { ExpiryMode } from '../../domain/plan/policy.ts';
import type { Subscription } from '../../domain/plan/subscription.ts';
import type { Order } from '../../domain/order/order.ts';
import type { BillingDeps } from '../ports.ts';
import { onceOnly } from '../once-only.ts';
import { openWallet } from '../wallet/open-wallet.ts';
import { lockBatch, writeBatch } from '../write-batch.ts';
import { applyDecision } from './apply-decision.ts';

export type PurchasePlan = { requestId: string; planCode: string; quantity: number; expiryMode: ExpiryMode };
export type SubscriptionAnswer = { subscription: Subscription; orders: Order[]; refundedMicros: bigint };
export type SubscriptionResult =
  | ({ kind: 'changed' } & SubscriptionAnswer)
  | { kind: 'refused'; refusal: PlanRefusal | PayRefusal };

/** Buys a plan out of the wallet, at once and whole. The same request buys once. */
export async function purchasePlan(
  deps: BillingDeps,
  ctx: CallContext,
  command: PurchasePlan,
): Promise<SubscriptionResult> {
  const { tenant } = ctx;
  return onceOnly(deps, `plan.purchase/${tenant.accountId}`, command, async (stores) => {
    await openWallet(deps, stores, tenant.accountId);
    const batch = await lockBatch(deps, stores, { accountIds: [tenant.accountId], holdIds: [] });
    const plan = planOnSale(await stores.plans.versions([command.planCode]), command.planCode, batch.now);
    const { quantity, expiryMode } = command;
    const decision = decidePurchase({ tenant, plan, quantity, expiryMode }, batch);
    if (decision.kind === 'refused' || plan === undefined) return decision.kind === 'refused' ? decision : refused;
    const applied = await applyDecision(stores, batch, { before: undefined, decision, plan, change: 'purchased' });
    if (applied.kind === 'refused') return applied;
    await writeBatch(deps, stores, batch, applied.events);
    const { subscription, orders, refundedMicros } = applied;
    return { kind: 'changed', subscription, orders, refundedMicros };
  });
}

const refused = { kind: 'refused', refusal: { reason: 'plan_not_found' } } as const;
