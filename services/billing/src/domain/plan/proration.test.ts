import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { greenwich, shanghai } from '../../testing/dates.ts';
import { DAY_MS, HOUR_MS, parseZone, SHANGHAI, UTC } from '../calendar/calendar.ts';
import { COMMITMENT_POLICY, releaseRule } from './policy.ts';
import { periodOf, releaseMicros, unusedMicros, unusedSeconds, upgradeMicros } from './proration.ts';

const zones = fc.constantFrom(SHANGHAI, UTC, parseZone('-11:30') ?? UTC, parseZone('Asia/Tokyo') ?? UTC);
const anchors = fc.integer({ min: greenwich('2023-01-01T00:00:00'), max: greenwich('2032-12-31T00:00:00') });
const prices = fc.bigInt({ min: 1n, max: 1_000_000_000_000_000n });
const lengths = fc.constantFrom('month' as const, 'year' as const);
const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 });
const periods = fc
  .tuple(anchors, lengths, fc.integer({ min: 0, max: 60 }), zones)
  .map(([anchor, length, index, zone]) => periodOf(anchor, length, index, zone));

describe('periods', () => {
  it('follow each other without gap or overlap, whatever anchor, zone and leap year', () => {
    fc.assert(
      fc.property(anchors, lengths, fc.integer({ min: 0, max: 200 }), zones, (anchor, length, index, zone) => {
        const [one, two] = [periodOf(anchor, length, index, zone), periodOf(anchor, length, index + 1, zone)];
        expect(one.to).toBe(two.from);
        expect((one.to - one.from) % 1_000).toBe(0);
        expect(one.to - one.from).toBeGreaterThanOrEqual(28 * DAY_MS);
      }),
    );
  });

  it.each([
    ['a month-end anchor is clipped and comes back', '2027-01-31T10:00:00', 1, '2027-02-28T10:00:00'],
    ['February of a leap year has its 29th', '2028-01-31T10:00:00', 1, '2028-02-29T10:00:00'],
    ['the 31st is not lost after February', '2027-01-31T10:00:00', 2, '2027-03-31T10:00:00'],
  ])('%s', (_story, anchor, index, start) => {
    expect(periodOf(shanghai(anchor), 'month', index, SHANGHAI).from).toBe(shanghai(start));
  });

  it('of a year from a leap day end on 28 February and find the leap day again', () => {
    const anchor = shanghai('2028-02-29T00:00:00');
    expect(periodOf(anchor, 'year', 0, SHANGHAI).to).toBe(shanghai('2029-02-28T00:00:00'));
    expect(periodOf(anchor, 'year', 3, SHANGHAI).to).toBe(shanghai('2032-02-29T00:00:00'));
  });
});

describe('proration', () => {
  it('splits a period at any instants into parts that sum to its price to the micro, none negative', () => {
    fc.assert(
      fc.property(prices, periods, cuts, (price, period, where) => {
        const length = period.to - period.from;
        const at = [0, ...where, 1].map((share) => period.from + Math.round(share * length)).sort((a, b) => a - b);
        const worth = at.map((instant) => unusedMicros(price, period, instant));
        const parts = worth.slice(1).map((after, i) => (worth[i] ?? 0n) - after);
        expect(parts.every((part) => part >= 0n)).toBe(true);
        expect(parts.reduce((sum, part) => sum + part, 0n)).toBe(price);
      }),
    );
  });

  it('charges and refunds of any chain of upgrades and a release sum to the stretches that were used', () => {
    const steps = fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), prices), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(prices, periods, steps, (first, period, changes) => {
        const length = period.to - period.from;
        const at = changes.map(([share]) => period.from + Math.round(share * length)).sort((a, b) => a - b);
        const dearer = changes.map(([, price]) => price).sort((a, b) => (a < b ? -1 : 1));
        let price = first;
        let paid = first;
        let used = 0n;
        let from = period.from;
        for (const [i, instant] of at.entries()) {
          const next = price + (dearer[i] ?? 0n);
          const charge = upgradeMicros(price, next, period, instant);
          expect(charge).toBeGreaterThanOrEqual(0n);
          paid += charge;
          used += unusedMicros(price, period, from) - unusedMicros(price, period, instant);
          [price, from] = [next, instant];
        }
        const end = period.from + Math.round(length * 0.9);
        const releasedAt = Math.max(from, end);
        const rule = {
          benefit: 'reservation',
          period: 'month',
          refund: 'unused_seconds',
          feeBasisPoints: 1_000,
        } as const;
        const { refundMicros, feeMicros } = releaseMicros(price, period, releasedAt, rule);
        used += unusedMicros(price, period, from) - unusedMicros(price, period, releasedAt);
        expect(refundMicros >= 0n && feeMicros >= 0n).toBe(true);
        expect(paid - refundMicros).toBe(used + feeMicros);
      }),
    );
  });

  it('of a whole number of days is exact: not 20.03 where 20.00 is right', () => {
    const period = periodOf(shanghai('2026-06-01T00:00:00'), 'month', 0, SHANGHAI);
    expect(unusedMicros(30_000_000n, period, period.from + 10 * DAY_MS)).toBe(20_000_000n);
  });

  it('counts the days that the month has, not thirty', () => {
    const february = periodOf(shanghai('2026-02-01T00:00:00'), 'month', 0, SHANGHAI);
    const march = periodOf(shanghai('2026-03-01T00:00:00'), 'month', 0, SHANGHAI);
    expect(unusedMicros(28_000_000n, february, february.to - DAY_MS)).toBe(1_000_000n);
    expect(unusedMicros(31_000_000n, march, march.to - DAY_MS)).toBe(1_000_000n);
  });

  it('counts a second that has begun as used', () => {
    const period = { from: 0, to: HOUR_MS };
    expect([0, 1, 999, 1_000, 1_001].map((at) => unusedSeconds(period, at))).toEqual([
      3_600n,
      3_599n,
      3_599n,
      3_599n,
      3_598n,
    ]);
  });

  it('is worth everything before the period and nothing after it', () => {
    const period = { from: HOUR_MS, to: 2 * HOUR_MS };
    expect(unusedMicros(7n, period, 0)).toBe(7n);
    expect(unusedMicros(7n, period, 2 * HOUR_MS)).toBe(0n);
    expect(unusedMicros(7n, period, 3 * HOUR_MS)).toBe(0n);
  });
});

describe('the policy', () => {
  it('has exactly one rule of release for each kind of plan', () => {
    const keys = COMMITMENT_POLICY.release.map((rule) => `${rule.benefit}/${rule.period}`);
    expect(new Set(keys).size).toBe(keys.length);
    for (const benefit of ['reservation', 'credit'] as const) {
      for (const period of ['month', 'year'] as const) expect(releaseRule(benefit, period)).toBeDefined();
    }
  });

  it('keeps the fee of early release out of the unused share, rounded up', () => {
    const rule = releaseRule('reservation', 'month');
    if (rule === undefined) throw new Error('no rule');
    expect(releaseMicros(101n, { from: 0, to: HOUR_MS }, 0, rule)).toEqual({ refundMicros: 90n, feeMicros: 11n });
  });
});
