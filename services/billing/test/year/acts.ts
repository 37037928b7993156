import { createBudget } from '../../src/app/budgets/create-budget.ts';
import { issueDocuments } from '../../src/app/documents/issue-documents.ts';
import { grantCredit } from '../../src/app/lots/grant-credit.ts';
import { changePlan, releaseSubscription, setExpiryMode } from '../../src/app/plans/change-subscription.ts';
import { purchasePlan, type SubscriptionResult } from '../../src/app/plans/purchase-plan.ts';
import { publishPrices } from '../../src/app/prices/publish-prices.ts';
import { setCommitment } from '../../src/app/prices/set-commitment.ts';
import { setDiscount } from '../../src/app/prices/set-discount.ts';
import { decidePayoutRequested } from '../../src/app/refunds/decide-payout.ts';
import { refundMoneyToWallet } from '../../src/app/refunds/refund-to-wallet.ts';
import { requestPayout } from '../../src/app/refunds/request-payout.ts';
import { redeemVoucher } from '../../src/app/vouchers/redeem-voucher.ts';
import { recharge } from '../../src/app/wallet/recharge.ts';
import { monthOf } from '../../src/domain/calendar/calendar.ts';
import { ANYTHING } from '../../src/domain/lot/lot.ts';
import { type Act, startOf, type TenantPlan } from './plan-year.ts';
import { contextOf, type Year } from './year.ts';
import { GPU_ITEMS } from './year-prices.ts';

type Of<Kind extends Act['kind']> = Extract<Act, { kind: Kind }>;
const DAY_MS = 86_400_000;

/** Does one thing through the use case that the service runs for it, and counts how it ended. */
export async function actOf(year: Year, plan: TenantPlan, act: Act & { day: number }): Promise<void> {
  const ended = await doIt(year, plan, act, `${act.kind} of day ${act.day}`);
  year.count(`${act.kind}: ${ended}`);
}

async function doIt(year: Year, plan: TenantPlan, act: Act & { day: number }, requestId: string): Promise<string> {
  switch (act.kind) {
    case 'recharge':
      return payIn(year, plan, act, requestId);
    case 'redeem':
      return redeem(year, plan, act, requestId);
    case 'grant':
      return grant(year, plan, act, `${requestId} ${plan.tenant.accountId}`);
    case 'buy':
    case 'change_plan':
    case 'expiry_mode':
    case 'release':
      return commit(year, plan, act, requestId);
    case 'refund_order':
      return refundOrder(year, plan, act, requestId);
    case 'payout':
      return payOut(year, plan, act, requestId);
    case 'own_price':
    case 'discount':
    case 'commit':
    case 'budget':
      return setTerms(year, plan, act, requestId);
    case 'invoice': {
      const result = await issueDocuments(year.deps, { requestId, accountId: plan.tenant.accountId });
      return result.kind === 'issued' ? 'issued' : result.refusal.reason;
    }
  }
}

async function payIn(year: Year, plan: TenantPlan, { amountMicros }: Of<'recharge'>, requestId: string) {
  const command = { requestId, channel: 'development', amountMicros, currency: 'CNY', serialNumber: '' };
  const result = await recharge(year.deps, contextOf(plan), command);
  if (result.kind === 'refused') return result.refusal.reason;
  year.recharges.set(plan.tenant.accountId, result.recharge.id);
  return result.kind;
}

async function redeem(year: Year, plan: TenantPlan, act: Of<'redeem'>, requestId: string) {
  const code = year.codes.get(act.campaign)?.[plan.index] ?? '';
  const result = await redeemVoucher(year.deps, contextOf(plan), { requestId, code });
  const ended = result.kind === 'refused' ? result.refusal.reason : result.kind;
  const planned = act.isAgain ? 'voucher_already_redeemed' : 'redeemed';
  if (ended !== planned) throw new Error(`a voucher of ${plan.tenant.accountId} was ${ended}, not ${planned}`);
  return ended;
}

async function grant({ deps }: Year, { tenant }: TenantPlan, act: Of<'grant'>, requestId: string) {
  const { amountMicros, validDays, product } = act;
  const result = await grantCredit(deps, 'operator', {
    requestId,
    accountId: tenant.accountId,
    kind: 'promotional',
    priority: 30,
    amountMicros,
    expiresAt: deps.clock.now() + validDays * DAY_MS,
    applicability: { ...ANYTHING, products: product === '' ? [] : [product] },
    reason: 'a gift',
  });
  return result.kind === 'refused' ? result.reason : result.kind;
}

type PlanAct = Of<'buy' | 'change_plan' | 'expiry_mode' | 'release'>;

async function commit(year: Year, plan: TenantPlan, act: PlanAct, requestId: string): Promise<string> {
  const { accountId } = plan.tenant;
  const held = year.subscriptions.get(accountId);
  if (act.kind !== 'buy' && held === undefined) return 'nothing bought';
  const result = await changed(year, plan, act, { requestId, subscriptionId: held?.id ?? '' });
  if (result.kind === 'refused') return result.refusal.reason;
  const { id, orderId } = result.subscription;
  year.subscriptions.set(accountId, { id, orderId });
  return 'done';
}

function changed(
  { deps }: Year,
  plan: TenantPlan,
  act: PlanAct,
  target: { requestId: string; subscriptionId: string },
): Promise<SubscriptionResult> {
  const ctx = contextOf(plan);
  switch (act.kind) {
    case 'buy': {
      const { planCode, quantity, expiryMode } = act;
      return purchasePlan(deps, ctx, { requestId: target.requestId, planCode, quantity, expiryMode });
    }
    case 'change_plan':
      return changePlan(deps, ctx, { ...target, planCode: act.planCode, quantity: act.quantity });
    case 'expiry_mode':
      return setExpiryMode(deps, ctx, { ...target, expiryMode: act.expiryMode });
    case 'release':
      return releaseSubscription(deps, ctx, target);
  }
}

async function refundOrder(year: Year, { tenant }: TenantPlan, { percent }: Of<'refund_order'>, requestId: string) {
  const { deps } = year;
  const held = year.subscriptions.get(tenant.accountId);
  const order = held && (await deps.reads.order(tenant, held.orderId));
  if (order === undefined) return 'nothing bought';
  const result = await refundMoneyToWallet(deps, {
    requestId,
    accountId: tenant.accountId,
    target: { kind: 'order', id: order.id },
    amountMicros: (order.amountMicros * percent) / 100n,
    reason: 'goodwill',
  });
  return result.kind === 'refused' ? result.refusal.reason : result.kind;
}

async function payOut(year: Year, plan: TenantPlan, { amountMicros, isApproved }: Of<'payout'>, requestId: string) {
  const rechargeId = year.recharges.get(plan.tenant.accountId) ?? '';
  const command = { requestId, rechargeId, amountMicros, reason: 'too much paid in' };
  const asked = await requestPayout(year.deps, contextOf(plan), command);
  if (asked.kind === 'refused') return asked.refusal.reason;
  const verdict = { requestId: `${requestId} of ${asked.refund.id}`, refundId: asked.refund.id, isApproved };
  const decided = await decidePayoutRequested(year.deps, { ...verdict, by: 'operator' });
  return decided.kind === 'refused' ? decided.refusal.reason : decided.refund.state;
}

async function setTerms(
  { deps }: Year,
  plan: TenantPlan,
  act: Of<'own_price' | 'discount' | 'commit' | 'budget'> & { day: number },
  requestId: string,
): Promise<string> {
  const { accountId } = plan.tenant;
  switch (act.kind) {
    case 'own_price': {
      const price = { meter: 'gpu_time', region: '', item: GPU_ITEMS[1], amountMicros: act.amountMicros, display: '' };
      return (await publishPrices(deps, [{ ...price, accountId, perQuantity: 3_600_000_000n, effectiveFrom: 0 }])).kind;
    }
    case 'discount': {
      const of = { accountId, meter: '*', region: '', item: '*', basisPoints: act.basisPoints };
      return (await setDiscount(deps, { ...of, effectiveFrom: startOf(act.day) + act.atMs })).kind;
    }
    case 'commit': {
      const fromMonth = monthOf(deps.clock.now());
      return (await setCommitment(deps, { accountId, monthlyMicros: act.monthlyMicros, fromMonth })).kind;
    }
    case 'budget': {
      const { isHard, limitMicros } = act;
      const terms = { name: 'spend', limits: { month: limitMicros }, isHard, thresholds: [50, 80, 100] };
      const scope = { kind: 'account' as const, id: '' };
      const budget = { requestId, ...terms, scope, zone: 'Asia/Shanghai' };
      return (await createBudget(deps, contextOf(plan), budget)).kind;
    }
  }
}
