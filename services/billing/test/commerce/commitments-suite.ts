import { systemContext } from '@suanli/kernel';
import { describe, expect, it } from 'vitest';
import { advanceSubscriptions } from '../../src/app/plans/advance-subscriptions.ts';
import { changePlan, releaseSubscription, setExpiryMode } from '../../src/app/plans/change-subscription.ts';
import { publishPlans } from '../../src/app/plans/publish-plans.ts';
import { purchasePlan } from '../../src/app/plans/purchase-plan.ts';
import { recharge } from '../../src/app/wallet/recharge.ts';
import { refundMoneyToWallet } from '../../src/app/refunds/refund-to-wallet.ts';
import { DAY_MS } from '../../src/domain/calendar/calendar.ts';
import type { NewPlan } from '../../src/domain/plan/plan.ts';
import { aTenantPath, NOW } from '../../src/testing/builders.ts';
import type { BillingUnderTest } from '../under-test.ts';

const A100: NewPlan = {
  code: 'a100-month',
  name: 'A100 包月',
  period: 'month',
  priceMicros: 31_000_000n,
  benefit: { kind: 'reservation', item: 'gpu.a100-80g', region: 'cn-shanghai', count: 1 },
  family: 'a100',
  effectiveFrom: 0,
  isWithdrawn: false,
};
const CREDIT: NewPlan = {
  ...A100,
  code: 'credit-month',
  family: 'credit',
  benefit: { kind: 'credit', amountMicros: 40_000_000n, products: ['job'], items: [], regions: [] },
};

/** Plans as they are bought, renewed, changed and given up, whatever keeps the rows. */
export function commitmentsSuite(make: () => Promise<BillingUnderTest>): void {
  const tenant = aTenantPath();
  const ctx = systemContext(tenant, 'test', new AbortController().signal);

  async function start(money = 1_000_000_000n) {
    const billing = await make();
    await publishPlans(billing.deps, [A100, { ...A100, code: 'a100-double', priceMicros: 62_000_000n }, CREDIT]);
    await pay(billing, money, 'first');
    return billing;
  }
  const pay = ({ deps }: BillingUnderTest, amountMicros: bigint, requestId: string) =>
    recharge(deps, ctx, { requestId, channel: 'development', amountMicros, currency: 'CNY', serialNumber: '' });
  const buy = (billing: BillingUnderTest, changes: Partial<Parameters<typeof purchasePlan>[2]> = {}) =>
    purchasePlan(billing.deps, ctx, {
      requestId: 'buy',
      planCode: A100.code,
      quantity: 1,
      expiryMode: 'renew',
      ...changes,
    });
  async function bought(billing: BillingUnderTest, changes = {}) {
    const result = await buy(billing, changes);
    if (result.kind === 'refused') throw new Error(result.refusal.reason);
    return result.subscription;
  }
  const money = async ({ deps }: BillingUnderTest) => (await deps.reads.wallet(tenant.accountId))?.postedMicros;
  const advance = ({ deps }: BillingUnderTest) => deps.transact((stores) => advanceSubscriptions(deps, stores, 100));
  async function settle(billing: BillingUnderTest) {
    for (let steps = 1; steps > 0; ) steps = await advance(billing);
  }
  async function pass(billing: BillingUnderTest, days: number) {
    for (let day = 0; day < days; day++) {
      await billing.clock.advance(DAY_MS);
      await settle(billing);
    }
  }
  const read = async ({ deps }: BillingUnderTest, id: string) => {
    const found = await deps.reads.subscription(tenant, id);
    if (found === undefined) throw new Error('no subscription');
    return found;
  };
  const ordersOf = async ({ deps }: BillingUnderTest) =>
    (await deps.reads.orders(tenant, { limit: 50 }, '')).rows.filter((one) => one.kind !== 'recharge').reverse();

  describe('a plan', () => {
    it('is paid whole and at once, with an order, and told as a reservation', async () => {
      await using billing = await start();
      const subscription = await bought(billing, { quantity: 2 });
      expect(await money(billing)).toBe(1_000_000_000n - 62_000_000n);
      expect(await ordersOf(billing)).toMatchObject([
        { kind: 'purchase', subjectId: subscription.id, amountMicros: 62_000_000n, title: 'A100 包月 × 2' },
      ]);
      expect(await billing.told()).toContain('reservation_purchased');
      await billing.audit();
    });

    it('is bought once by one request, however often it is told, and not under another body', async () => {
      await using billing = await start();
      const [one, two] = await Promise.all([buy(billing), buy(billing)]);
      expect(two).toEqual(one);
      expect(await buy(billing, { quantity: 2 })).toMatchObject({ refusal: { reason: 'request_id_reused' } });
      expect(await money(billing)).toBe(1_000_000_000n - 31_000_000n);
    });

    it.each([
      ['an unknown plan', { planCode: 'none' }, 'plan_not_found'],
      ['no unit', { quantity: 0 }, 'quantity_out_of_range'],
      ['half a unit', { quantity: 0.5 }, 'quantity_out_of_range'],
      ['more than the wallet has', { quantity: 100 }, 'insufficient_funds'],
    ])('refuses %s, and leaves nothing', async (_story, changes, reason) => {
      await using billing = await start();
      expect(await buy(billing, changes)).toMatchObject({ kind: 'refused', refusal: { reason } });
      expect(await money(billing)).toBe(1_000_000_000n);
      expect(await ordersOf(billing)).toEqual([]);
      expect((await buy(billing)).kind).toBe('changed');
    });

    it('is not seen or changed by another account', async () => {
      await using billing = await start();
      const { id: subscriptionId } = await bought(billing);
      const other = systemContext(aTenantPath('acc_2'), 'test', new AbortController().signal);
      expect(await billing.deps.reads.subscription(other.tenant, subscriptionId)).toBeUndefined();
      expect(await releaseSubscription(billing.deps, other, { requestId: 'r', subscriptionId })).toMatchObject({
        refusal: { reason: 'subscription_not_found' },
      });
    });

    it('that gives credit grants it for its period, for what it names', async () => {
      await using billing = await start();
      const subscription = await bought(billing, { planCode: CREDIT.code });
      const { rows } = await billing.deps.reads.lots(
        { accountId: tenant.accountId, status: '', now: billing.clock.now() },
        { limit: 10 },
      );
      expect(rows).toMatchObject([
        { kind: 'promotional', remainingMicros: 40_000_000n, expiresAt: subscription.periodTo },
      ]);
      await billing.audit();
    });
  });

  describe('renewal', () => {
    it('pays the next period once from seven days before the end, and rolls on', async () => {
      await using billing = await start();
      const { id, periodTo } = await bought(billing);
      await pass(billing, 25);
      expect(await money(billing)).toBe(1_000_000_000n - 62_000_000n);
      expect(await read(billing, id)).toMatchObject({ periodIndex: 0, next: { terms: { quantity: 1 } } });
      await pass(billing, 6);
      expect(await read(billing, id)).toMatchObject({ periodIndex: 1, periodFrom: periodTo, status: 'active' });
      expect((await ordersOf(billing)).map((order) => order.kind)).toEqual(['purchase', 'renewal']);
      await billing.audit();
    });

    it('that is run twice at once charges once', async () => {
      await using billing = await start();
      await bought(billing);
      await billing.clock.advance(25 * DAY_MS);
      await Promise.all([advance(billing), advance(billing), advance(billing)]);
      expect(await money(billing)).toBe(1_000_000_000n - 62_000_000n);
    });

    it('without money is attempted daily with each result on record, and ends unpaid', async () => {
      await using billing = await start(40_000_000n);
      const { id } = await bought(billing);
      await pass(billing, 32);
      const attempts = await billing.deps.reads.renewalAttempts(id, 20);
      expect(attempts.map((one) => one.number)).toEqual([7, 6, 5, 4, 3, 2, 1, 0]);
      expect(new Set(attempts.map((one) => `${one.result} ${one.missingMicros}`))).toEqual(
        new Set(['insufficient_funds 22000000']),
      );
      expect(await read(billing, id)).toMatchObject({ status: 'ended', endReason: 'renewal_unpaid' });
      expect(await money(billing)).toBe(9_000_000n);
      expect(await billing.told()).toContain('reservation_ended');
    });

    it('succeeds on a later day when money has come', async () => {
      await using billing = await start(40_000_000n);
      const { id } = await bought(billing);
      await pass(billing, 27);
      await pay(billing, 50_000_000n, 'more');
      await pass(billing, 5);
      expect(await read(billing, id)).toMatchObject({ periodIndex: 1, status: 'active' });
      expect((await billing.deps.reads.renewalAttempts(id, 20)).map((one) => one.result)).toContain('paid');
    });

    it('after a long absence of the loop is attempted once, not once for each day', async () => {
      await using billing = await start(40_000_000n);
      const { id } = await bought(billing);
      await billing.clock.advance(45 * DAY_MS);
      await settle(billing);
      expect(await billing.deps.reads.renewalAttempts(id, 20)).toMatchObject([{ number: 7 }]);
      expect(await read(billing, id)).toMatchObject({ status: 'ended' });
    });

    it('takes the price of the version on sale; the running period keeps its own', async () => {
      await using billing = await start();
      const { id } = await bought(billing);
      await publishPlans(billing.deps, [{ ...A100, priceMicros: 40_000_000n }]);
      expect((await read(billing, id)).terms.priceMicros).toBe(31_000_000n);
      await pass(billing, 32);
      expect((await read(billing, id)).terms.priceMicros).toBe(40_000_000n);
    });

    it.each([
      ['stop', 'stopped'],
      ['convert_to_pay_as_you_go', 'converted'],
    ] as const)('in mode %s does not happen: it ends as %s', async (expiryMode, endReason) => {
      await using billing = await start();
      const { id, periodTo } = await bought(billing, { expiryMode });
      await pass(billing, 32);
      expect(await read(billing, id)).toMatchObject({ status: 'ended', endReason, endedAt: periodTo });
      expect(await money(billing)).toBe(1_000_000_000n - 31_000_000n);
    });
  });

  describe('a change', () => {
    it('to a dearer plan costs the difference of the remaining seconds', async () => {
      await using billing = await start();
      const { id: subscriptionId } = await bought(billing);
      await billing.clock.advance(10 * DAY_MS);
      const changed = await changePlan(billing.deps, ctx, {
        requestId: 'up',
        subscriptionId,
        planCode: 'a100-double',
        quantity: 1,
      });
      expect(changed).toMatchObject({ orders: [{ kind: 'upgrade', amountMicros: 21_000_000n }] });
      await billing.audit();
    });

    it('to fewer units begins with the next period', async () => {
      await using billing = await start();
      const { id: subscriptionId } = await bought(billing, { quantity: 3 });
      await changePlan(billing.deps, ctx, { requestId: 'down', subscriptionId, planCode: A100.code, quantity: 1 });
      expect((await read(billing, subscriptionId)).terms.quantity).toBe(3);
      await pass(billing, 32);
      expect((await read(billing, subscriptionId)).terms).toMatchObject({ quantity: 1, priceMicros: 31_000_000n });
      expect((await read(billing, subscriptionId)).scheduled).toBeUndefined();
    });

    it('after the next period was paid gives that back and pays it again at the new price', async () => {
      await using billing = await start();
      const { id: subscriptionId } = await bought(billing);
      await pass(billing, 25);
      await setExpiryMode(billing.deps, ctx, { requestId: 's', subscriptionId, expiryMode: 'stop' });
      expect(await money(billing)).toBe(1_000_000_000n - 31_000_000n);
      await setExpiryMode(billing.deps, ctx, { requestId: 'r', subscriptionId, expiryMode: 'renew' });
      await settle(billing);
      expect(await money(billing)).toBe(1_000_000_000n - 62_000_000n);
      expect((await ordersOf(billing)).map((order) => order.refundedMicros)).toEqual([0n, 31_000_000n, 0n]);
      await billing.audit();
    });

    it('that the wallet cannot pay leaves everything as it was', async () => {
      await using billing = await start(62_000_000n);
      const { id: subscriptionId } = await bought(billing);
      await pass(billing, 25);
      const before = await read(billing, subscriptionId);
      const refused = await changePlan(billing.deps, ctx, {
        requestId: 'up',
        subscriptionId,
        planCode: A100.code,
        quantity: 30,
      });
      expect(refused).toMatchObject({ refusal: { reason: 'insufficient_funds' } });
      expect(await read(billing, subscriptionId)).toEqual(before);
      expect(await money(billing)).toBe(0n);
    });

    it('to release returns the unused seconds less the fee, once', async () => {
      await using billing = await start();
      const { id: subscriptionId } = await bought(billing);
      await billing.clock.advance(11 * DAY_MS);
      const release = () => releaseSubscription(billing.deps, ctx, { requestId: 'rel', subscriptionId });
      const first = await release();
      expect(first).toMatchObject({ refundedMicros: 18_000_000n, subscription: { endReason: 'released' } });
      expect(await release()).toEqual(first);
      expect(await money(billing)).toBe(1_000_000_000n - 31_000_000n + 18_000_000n);
      const again = await releaseSubscription(billing.deps, ctx, { requestId: 'other', subscriptionId });
      expect(again).toMatchObject({ refusal: { reason: 'subscription_ended' } });
      await billing.audit();
    });
  });

  describe('a refund of an order', () => {
    const refund = (billing: BillingUnderTest, id: string, amountMicros: bigint, requestId: string) =>
      refundMoneyToWallet(billing.deps, {
        requestId,
        accountId: tenant.accountId,
        target: { kind: 'order', id },
        amountMicros,
        reason: 'goodwill',
      });

    it('is partial as often as wanted, and never more than was paid', async () => {
      await using billing = await start();
      const { orderId } = await bought(billing);
      expect(await refund(billing, orderId, 20_000_000n, 'a')).toMatchObject({ kind: 'refunded' });
      expect(await refund(billing, orderId, 20_000_000n, 'a')).toMatchObject({ kind: 'refunded' });
      expect(await refund(billing, orderId, 11_000_001n, 'b')).toMatchObject({
        refusal: { reason: 'refund_exceeds_payment' },
      });
      expect(await refund(billing, orderId, 11_000_000n, 'c')).toMatchObject({ kind: 'refunded' });
      expect(await money(billing)).toBe(1_000_000_000n);
      expect(await refund(billing, 'ord_none', 1n, 'd')).toMatchObject({
        refusal: { reason: 'refund_target_not_found' },
      });
      expect(await refund(billing, orderId, -1n, 'e')).toMatchObject({ refusal: { reason: 'amount_out_of_range' } });
      await billing.audit();
    });

    it('leaves less for a release: what was given back is not given back again', async () => {
      await using billing = await start();
      const { orderId, id: subscriptionId } = await bought(billing);
      await refund(billing, orderId, 30_000_000n, 'a');
      const released = await releaseSubscription(billing.deps, ctx, { requestId: 'rel', subscriptionId });
      expect(released).toMatchObject({ refundedMicros: 1_000_000n });
      expect(await money(billing)).toBe(1_000_000_000n);
    });
  });

  it('stands among the orders beside what was paid in', async () => {
    await using billing = await start();
    const { rows } = await billing.deps.reads.orders(tenant, { limit: 50 }, 'recharge');
    expect(rows).toMatchObject([{ title: 'development', amountMicros: 1_000_000_000n }]);
  });

  it('starts at the time of the clock, so that months can be simulated', async () => {
    await using billing = await start();
    expect((await bought(billing)).periodFrom).toBe(NOW);
  });
}
