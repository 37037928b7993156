import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shanghai } from '../../testing/dates.ts';
import { DAY_MS, dayOf } from '../calendar/calendar.ts';
import { decideExpiryMode, decidePlanChange, decidePurchase, decideRelease } from './decide-change.ts';
import { afterAttempt, dueStep, ended, rolled } from './decide-period.ts';
import { type Plan, planOnSale } from './plan.ts';
import type { ExpiryMode } from './policy.ts';
import { LAST_ATTEMPT, type Subscription, termsOf } from './subscription.ts';

const NOW = shanghai('2026-01-31T12:00:00');
const tenant = { accountId: 'acc_1', workspaceId: 'wsp_1', principalId: 'key_1' };
const reservation = { kind: 'reservation', item: 'gpu.a100-80g', region: 'cn-shanghai', count: 1 } as const;
const plan: Plan = {
  id: 'pln_1',
  code: 'a100-month',
  version: 1,
  name: 'A100, one month',
  period: 'month',
  priceMicros: 6_000_000_000n,
  benefit: reservation,
  family: 'a100',
  effectiveFrom: 0,
  isWithdrawn: false,
};

function at(now: number) {
  let made = 0;
  return { now, newId: (prefix: string) => `${prefix}_${now}_${++made}` };
}

function bought(expiryMode: ExpiryMode = 'renew', quantity = 1): Subscription {
  const decision = decidePurchase({ tenant, plan, quantity, expiryMode }, at(NOW));
  if (decision.kind === 'refused') throw new Error(decision.refusal.reason);
  return decision.subscription;
}

describe('a purchase', () => {
  it('pays the whole first period and looks again seven days before its end', () => {
    const decision = decidePurchase({ tenant, plan, quantity: 3, expiryMode: 'renew' }, at(NOW));
    if (decision.kind === 'refused') throw new Error('refused');
    expect(decision.money.charge?.amountMicros).toBe(18_000_000_000n);
    expect(decision.subscription.periodTo).toBe(shanghai('2026-02-28T12:00:00'));
    expect(decision.subscription.dueAt).toBe(decision.subscription.periodTo - 7 * DAY_MS);
  });

  it.each([0, -1, 1.5, 1_001, Number.NaN])('of %s units is refused', (quantity) => {
    expect(decidePurchase({ tenant, plan, quantity, expiryMode: 'stop' }, at(NOW))).toMatchObject({
      refusal: { reason: 'quantity_out_of_range' },
    });
  });

  it('of a price that no wallet can hold is refused', () => {
    const dear = { ...plan, priceMicros: 1_000_000_000_000_000n };
    expect(decidePurchase({ tenant, plan: dear, quantity: 2, expiryMode: 'stop' }, at(NOW)).kind).toBe('refused');
  });

  it('finds the latest version on sale, and none of a withdrawn plan', () => {
    const second = { ...plan, id: 'pln_2', version: 2, effectiveFrom: NOW };
    expect(planOnSale([plan, second], plan.code, NOW - 1)).toBe(plan);
    expect(planOnSale([plan, second], plan.code, NOW)).toBe(second);
    expect(planOnSale([plan, { ...second, isWithdrawn: true }], plan.code, NOW)).toBeUndefined();
    expect(planOnSale([plan], 'other', NOW)).toBeUndefined();
  });
});

describe('renewal', () => {
  it('is attempted once a day from seven days before the end, the last time at the end, then it ends unpaid', () => {
    let subscription = bought();
    const attempts: number[] = [];
    for (let i = 0; i < 20 && subscription.status === 'active'; i++) {
      const now = subscription.dueAt ?? 0;
      const step = dueStep(subscription, now);
      if (step.kind === 'attempt') {
        attempts.push((subscription.periodTo - now) / DAY_MS);
        subscription = afterAttempt(subscription, step.number, undefined, now);
      } else if (step.kind === 'end') subscription = ended(subscription, step.reason, now);
      else throw new Error(`unexpected ${step.kind}`);
    }
    expect(attempts).toEqual([7, 6, 5, 4, 3, 2, 1, 0]);
    expect(subscription).toMatchObject({ status: 'ended', endReason: 'renewal_unpaid' });
    expect(subscription.dueAt).toBeUndefined();
  });

  it('is not attempted twice under one number, nor once it is paid, whatever the clock does', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: LAST_ATTEMPT }), fc.integer({ min: -40, max: 6 }), (number, days) => {
        const subscription = { ...bought(), lastAttempt: number };
        const step = dueStep(subscription, subscription.periodTo - 7 * DAY_MS + Math.min(number, days) * DAY_MS);
        expect(step.kind).not.toBe('attempt');
        const paid = { ...subscription, next: { terms: subscription.terms, orderId: 'ord_2' } };
        expect(dueStep(paid, subscription.periodTo - DAY_MS)).toEqual({ kind: 'none' });
        expect(dueStep(paid, subscription.periodTo)).toEqual({ kind: 'roll' });
      }),
    );
  });

  it('rolls from month end to month end without losing the day', () => {
    let subscription = bought();
    const ends: string[] = [];
    for (let i = 0; i < 4; i++) {
      ends.push(dayOf(subscription.periodTo));
      const paid = afterAttempt(
        subscription,
        0,
        { terms: subscription.terms, orderId: `ord_${i}` },
        subscription.dueAt ?? 0,
      );
      expect(paid.dueAt).toBe(paid.periodTo);
      subscription = rolled(paid, paid.periodTo);
    }
    expect(ends).toEqual(['2026-02-28', '2026-03-31', '2026-04-30', '2026-05-31']);
    expect(subscription.lastAttempt).toBeUndefined();
  });

  it.each([
    ['stop', 'stopped'],
    ['convert_to_pay_as_you_go', 'converted'],
  ] as const)('is never attempted in mode %s; the end comes with its reason', (mode, reason) => {
    const subscription = bought(mode);
    expect(subscription.dueAt).toBe(subscription.periodTo);
    expect(dueStep(subscription, subscription.periodTo - 1)).toEqual({ kind: 'none' });
    expect(dueStep(subscription, subscription.periodTo)).toEqual({ kind: 'end', reason });
  });

  it('that is asked for late is attempted at once', () => {
    const subscription = bought('stop');
    const now = subscription.periodTo - 3 * DAY_MS + 5;
    const decision = decideExpiryMode(subscription, 'renew', at(now));
    if (decision.kind === 'refused') throw new Error('refused');
    expect(decision.subscription.dueAt).toBeLessThanOrEqual(now);
    expect(dueStep(decision.subscription, now)).toEqual({ kind: 'attempt', number: 4 });
  });
});

describe('a change', () => {
  const other = { ...plan, id: 'pln_9', code: 'a100-month-plus', priceMicros: 9_000_000_000n };

  it('to a dearer plan begins at once and costs the difference of the remaining seconds', () => {
    const subscription = bought();
    const middle = subscription.periodFrom + 14 * DAY_MS;
    const decision = decidePlanChange(subscription, { plan: other, present: plan, quantity: 1 }, at(middle));
    expect(decision).toMatchObject({
      money: { charge: { kind: 'upgrade', amountMicros: 1_500_000_000n } },
      subscription: { terms: termsOf(other, 1), periodTo: subscription.periodTo },
    });
  });

  it('to fewer units waits for the next period and moves no money', () => {
    const decision = decidePlanChange(bought('renew', 3), { plan, present: plan, quantity: 2 }, at(NOW + 1));
    expect(decision).toMatchObject({ money: {}, subscription: { terms: { quantity: 3 }, scheduled: { quantity: 2 } } });
  });

  it('gives a next period that is paid back whole, so that it is paid again at the new price', () => {
    const paid = { ...bought(), lastAttempt: 0, next: { terms: termsOf(plan, 1), orderId: 'ord_next' } };
    const now = paid.periodTo - 6 * DAY_MS - 1;
    for (const decision of [
      decidePlanChange(paid, { plan: other, present: plan, quantity: 1 }, at(now)),
      decideExpiryMode(paid, 'stop', at(now)),
      decideRelease(paid, plan, at(now)),
    ]) {
      expect(decision).toMatchObject({ money: { refundOrderId: 'ord_next' } });
      expect(decision.kind === 'changed' && decision.subscription.next).toBeUndefined();
    }
  });

  it.each([
    ['the same plan and number', { plan, quantity: 1 }],
    ['another family', { plan: { ...other, family: 'l40s' }, quantity: 1 }],
    ['another length of period', { plan: { ...other, period: 'year' as const }, quantity: 1 }],
  ])('to %s is refused', (_story, wish) => {
    expect(decidePlanChange(bought(), { present: plan, ...wish }, at(NOW))).toMatchObject({
      refusal: { reason: 'plan_change_not_allowed' },
    });
  });

  it('after the end is refused, also when the loop has not noticed the end yet', () => {
    const subscription = bought();
    expect(decideRelease(subscription, plan, at(subscription.periodTo))).toMatchObject({
      refusal: { reason: 'subscription_ended' },
    });
  });

  it('credit that could be spent on the first day is not paid back on the second', () => {
    const credit = { kind: 'credit', amountMicros: 1n, products: [], items: [], regions: [] } as const;
    const decision = decideRelease(bought(), { ...plan, benefit: credit }, at(NOW + DAY_MS));
    expect(decision).toMatchObject({ money: { release: { refundMicros: 0n, feeMicros: 0n } } });
  });
});
