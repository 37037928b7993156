import { type CallContext, invariant } from '@suanli/kernel';
import type { LedgerBatch } from '../../domain/ledger/ledger-batch.ts';
import {
  decideExpiryMode,
  decidePlanChange,
  decideRelease,
  type SubscriptionDecision,
} from '../../domain/plan/decide-change.ts';
import { type Plan, planOnSale } from '../../domain/plan/plan.ts';
import type { ExpiryMode } from '../../domain/plan/policy.ts';
import type { Subscription } from '../../domain/plan/subscription.ts';
import { onceOnly } from '../once-only.ts';
import type { BillingDeps, BillingStores } from '../ports.ts';
import { lockBatch, writeBatch } from '../write-batch.ts';
import { applyDecision } from './apply-decision.ts';
import type { SubscriptionResult } from './purchase-plan.ts';
import type { SubscriptionChange } from './ports.ts';

type Target = { requestId: string; subscriptionId: string };

/** Another plan of the family or another quantity: dearer at once, cheaper from the next period on. */
export function changePlan(
  deps: BillingDeps,
  ctx: CallContext,
  command: Target & { planCode: string; quantity: number },
): Promise<SubscriptionResult> {
  return change(
    deps,
    ctx,
    { name: 'plan', tells: 'changed' },
    command,
    async ({ stores, subscription, present, batch }) => {
      const { planCode, quantity } = command;
      const plan = planOnSale(await stores.plans.versions([planCode]), planCode, batch.now);
      return { plan, decision: decidePlanChange(subscription, { plan, present, quantity }, batch) };
    },
  );
}

/** What happens at the end of the period. */
export function setExpiryMode(
  deps: BillingDeps,
  ctx: CallContext,
  command: Target & { expiryMode: ExpiryMode },
): Promise<SubscriptionResult> {
  return change(deps, ctx, { name: 'expiry', tells: 'changed' }, command, async ({ subscription, batch }) => ({
    plan: undefined,
    decision: decideExpiryMode(subscription, command.expiryMode, batch),
  }));
}

/** Gives the rest of the period up, now. */
export function releaseSubscription(deps: BillingDeps, ctx: CallContext, command: Target): Promise<SubscriptionResult> {
  return change(deps, ctx, { name: 'release', tells: 'ended' }, command, async ({ subscription, present, batch }) => ({
    plan: undefined,
    decision: decideRelease(subscription, present, batch),
  }));
}

type Situation = { stores: BillingStores; batch: LedgerBatch; subscription: Subscription; present: Plan };
type Decide = (situation: Situation) => Promise<{ plan: Plan | undefined; decision: SubscriptionDecision }>;

async function change(
  deps: BillingDeps,
  { tenant }: CallContext,
  { name, tells }: { name: string; tells: SubscriptionChange },
  command: Target,
  decide: Decide,
): Promise<SubscriptionResult> {
  const { accountId, workspaceId } = tenant;
  return onceOnly<SubscriptionResult>(deps, `subscription.${name}/${accountId}`, command, async (stores) => {
    const batch = await lockBatch(deps, stores, { accountIds: [accountId], holdIds: [] });
    const subscription = await stores.subscriptions.get(command.subscriptionId);
    const owner = subscription?.tenant;
    if (subscription === undefined || owner?.accountId !== accountId || owner.workspaceId !== workspaceId) {
      return { kind: 'refused', refusal: { reason: 'subscription_not_found' } };
    }
    const present = await stores.plans.get(subscription.terms.planId);
    invariant(present !== undefined, `plan ${subscription.terms.planId} is never deleted`);
    const { plan = present, decision } = await decide({ stores, batch, subscription, present });
    if (decision.kind === 'refused') return decision;
    // A cheaper plan only begins later: until then the present one is what is told.
    const told = decision.money.charge === undefined ? present : plan;
    const applied = await applyDecision(stores, batch, {
      before: subscription,
      decision,
      plan: told,
      present,
      change: tells,
    });
    if (applied.kind === 'refused') return applied;
    await writeBatch(deps, stores, batch, applied.events);
    const { orders, refundedMicros } = applied;
    return { kind: 'changed', subscription: applied.subscription, orders, refundedMicros };
  });
}
