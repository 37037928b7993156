import { invariant } from '@suanli/kernel';
import type { LedgerBatch } from '../../domain/ledger/ledger-batch.ts';
import type { PayRefusal } from '../../domain/ledger/pay.ts';
import { afterAttempt, dueStep, ended, type RenewalAttempt, rolled } from '../../domain/plan/decide-period.ts';
import { type Plan, planOnSale } from '../../domain/plan/plan.ts';
import { nextPeriod, type Subscription, termsOf } from '../../domain/plan/subscription.ts';
import type { BillingDeps, BillingStores } from '../ports.ts';
import { lockBatch, writeBatch } from '../write-batch.ts';
import { eventsOf, grantCredit, orderOf, payOrder } from './apply-decision.ts';
import type { PlanEvent } from './ports.ts';

/**
 * Renews, rolls on and ends subscriptions whose time has come; returns how many steps were taken. Each is decided again
 * under the lock of its wallet, and its step, its payment and its row are one transaction: a step is taken once.
 */
export async function advanceSubscriptions(deps: BillingDeps, stores: BillingStores, limit: number): Promise<number> {
  const due = await stores.subscriptions.findDue(deps.clock.now(), limit);
  if (due.length === 0) return 0;
  const accountIds = [...new Set(due.map((one) => one.tenant.accountId))];
  const batch = await lockBatch(deps, stores, { accountIds, holdIds: [] });
  const events: PlanEvent[] = [];
  let steps = 0;
  for (const { id } of due) {
    const subscription = await stores.subscriptions.get(id);
    const told = subscription && (await advance(stores, batch, subscription));
    if (told === undefined) continue;
    events.push(...told);
    steps += 1;
  }
  await writeBatch(deps, stores, batch, events);
  return steps;
}

async function advance(
  stores: BillingStores,
  batch: LedgerBatch,
  subscription: Subscription,
): Promise<PlanEvent[] | undefined> {
  const step = dueStep(subscription, batch.now);
  if (step.kind === 'none') return undefined;
  if (step.kind === 'attempt') return attempt(stores, batch, subscription, step.number);
  const after = step.kind === 'roll' ? rolled(subscription, batch.now) : ended(subscription, step.reason, batch.now);
  const plan = await stores.plans.get(after.terms.planId);
  invariant(plan !== undefined, `plan ${after.terms.planId} is never deleted`);
  await stores.subscriptions.save(after);
  if (step.kind === 'end') return eventsOf(after, plan, 'ended');
  grantCredit(batch, after, plan, 0n);
  return eventsOf(after, plan, 'renewed');
}

/** Pays the next period if the money is there; either way the attempt is on record and is not made again. */
async function attempt(
  stores: BillingStores,
  batch: LedgerBatch,
  subscription: Subscription,
  number: number,
): Promise<PlanEvent[]> {
  const { scheduled, terms } = subscription;
  const { planCode, quantity } = scheduled ?? terms;
  const plan = planOnSale(await stores.plans.versions([planCode]), planCode, batch.now);
  const tried = plan === undefined ? withdrawn : pay(batch, subscription, plan, quantity);
  if (tried.order !== undefined) await stores.orders.insert(tried.order);
  const paid = tried.order && plan && { terms: termsOf(plan, quantity), orderId: tried.order.id };
  const after = afterAttempt(subscription, number, paid, batch.now);
  await stores.subscriptions.save(after);
  await stores.subscriptions.recordAttempt({
    subscriptionId: subscription.id,
    periodIndex: subscription.periodIndex + 1,
    sequence: after.version,
    number,
    result: tried.result,
    amountMicros: plan === undefined ? terms.priceMicros : termsOf(plan, quantity).priceMicros,
    missingMicros: tried.missingMicros,
    ...(tried.order !== undefined && { orderId: tried.order.id }),
    attemptedAt: batch.now,
  });
  if (tried.order !== undefined) return [];
  return [{ kind: 'subscription_changed', subscription: after, change: 'renewal_failed' }];
}

type Tried = { result: RenewalAttempt['result']; missingMicros: bigint; order?: ReturnType<typeof orderOf> };
const withdrawn: Tried = { result: 'plan_withdrawn', missingMicros: 0n };

function pay(batch: LedgerBatch, subscription: Subscription, plan: Plan, quantity: number): Tried {
  const terms = termsOf(plan, quantity);
  const paid = {
    id: batch.newId('ord'),
    kind: 'renewal' as const,
    amountMicros: terms.priceMicros,
    periodIndex: subscription.periodIndex + 1,
  };
  const order = orderOf({ ...subscription, terms }, plan, paid, nextPeriod(subscription), batch.now);
  const refusal = payOrder(batch, order, plan);
  if (refusal === undefined) return { result: 'paid', missingMicros: 0n, order };
  return { result: resultOf(refusal.reason), missingMicros: refusal.missingMicros };
}

function resultOf(reason: PayRefusal['reason']): RenewalAttempt['result'] {
  return reason === 'insufficient_funds' || reason === 'account_frozen' ? reason : 'refused';
}
