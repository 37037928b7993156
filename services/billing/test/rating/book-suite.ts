import { describe, expect, it } from 'vitest';
import { type NewPrice, publishPrices } from '../../src/app/prices/publish-prices.ts';
import { setCommitment } from '../../src/app/prices/set-commitment.ts';
import { setDiscount } from '../../src/app/prices/set-discount.ts';
import { settleCommitments } from '../../src/app/prices/settle-commitments.ts';
import { replayCurable } from '../../src/app/rating/replay-parked-usage.ts';
import { aUsage, HOUR_MS, NOW, ODD_PRICE } from '../../src/testing/builders.ts';
import { shanghai } from '../../src/testing/dates.ts';
import type { BillingUnderTest } from '../under-test.ts';
import { window, tokens, pay, tenant, START, ratingBench } from './bench.ts';

/** Usage without a price, what the book takes, commitments, and failures that others had. */
export function bookSuite(make: () => Promise<BillingUnderTest>): void {
  const { funded, rate, spent } = ratingBench(make);

  describe('parked usage', () => {
    it('is rated by itself when its price, its wallet or its hold comes', async () => {
      await using billing = await make();
      const unpriced = aUsage({ usageId: 'use_p', readings: [{ meter: 'disk_time', quantity: 10n }] });
      const cure = () => billing.deps.transact((stores) => replayCurable(billing.deps, stores));
      expect(await rate(billing, [unpriced])).toMatchObject([{ reason: 'wallet_not_found' }]);
      expect(await cure()).toEqual([]);
      await pay(billing.deps, tenant, START);
      expect(await cure()).toMatchObject([{ reason: 'price_not_found' }]);
      expect(await cure()).toEqual([]);
      await publishPrices(billing.deps, [{ ...ODD_PRICE, meter: 'disk_time', amountMicros: 5n, perQuantity: 1n }]);
      expect(await billing.deps.reads.parkedUsageCount()).toBe(0);
      expect(await spent(billing)).toBe(50n);
      await billing.audit();
    });

    it('because of a null, missing or poisoned price harms nobody else', async () => {
      await using billing = await funded();
      const negative = aUsage({ usageId: 'use_n', readings: [{ meter: 'gpu_time', quantity: -3n }] });
      const huge = aUsage({ usageId: 'use_h', readings: [{ meter: 'gpu_time', quantity: 2n ** 63n - 1n }] });
      const long = aUsage({ usageId: 'use_l', to: NOW + 500 * 24 * HOUR_MS });
      const unpriced = aUsage({
        usageId: 'use_p',
        readings: [
          { meter: 'gpu_time', quantity: 3n },
          { meter: 'coffee', quantity: 1n },
        ],
      });
      const outcomes = await rate(billing, [negative, huge, long, unpriced, aUsage()]);
      expect(outcomes.map((one) => ('reason' in one ? one.reason : one.kind))).toEqual([
        'quantity_out_of_range',
        'quantity_out_of_range',
        'window_out_of_range',
        'price_not_found',
        'rated',
      ]);
      expect(await spent(billing)).toBe(7n);
      await billing.audit();
    });

    it('is listed by its reason, with what it waits for', async () => {
      await using billing = await funded();
      await rate(billing, [
        aUsage({ holdId: 'hld_nowhere' }),
        aUsage({ usageId: 'use_p', readings: [{ meter: 'coffee', quantity: 1n }] }),
      ]);
      const { rows } = await billing.deps.reads.parkedUsage(
        { reason: 'hold_not_found', accountId: '', sourceId: '' },
        { limit: 10 },
      );
      expect(rows).toMatchObject([{ usageId: 'use_1', waitsFor: 'hold:hld_nowhere' }]);
    });
  });

  describe('the price book', () => {
    const publish = async (billing: BillingUnderTest, price: Partial<NewPrice>) => {
      const result = await publishPrices(billing.deps, [{ ...ODD_PRICE, effectiveFrom: NOW, ...price }]);
      return result.kind === 'refused' ? result.refusal.reason : result.prices[0]?.version;
    };

    it('takes versions in the order of their time, none before rated usage unless it says so', async () => {
      await using billing = await funded();
      await rate(billing, [window('use_1', 0, 1_000)]);
      expect(await publish(billing, { effectiveFrom: NOW + 999 })).toBe('price_starts_in_rated_past');
      expect(await publish(billing, { effectiveFrom: NOW + 1_000 })).toBe(2);
      expect(await publish(billing, { effectiveFrom: NOW + 999, isBackdated: true })).toBe(
        'price_starts_before_previous',
      );
      expect(await publish(billing, { item: 'gpu.a100-80g', effectiveFrom: NOW, isBackdated: true })).toBe(1);
      expect(await spent(billing)).toBe(7_000n);
    });

    it('refuses what is no price, and a gap', async () => {
      await using billing = await funded();
      const tiers = (...ends: (bigint | undefined)[]) =>
        ends.map((upTo) => ({ amountMicros: 1n, ...(upTo !== undefined && { upTo }) }));
      expect(await publish(billing, { meter: 'coffee' })).toBe('meter_unknown');
      expect(await publish(billing, { perQuantity: 0n })).toBe('per_quantity_out_of_range');
      expect(await publish(billing, { amountMicros: -1n })).toBe('amount_out_of_range');
      expect(await publish(billing, { model: { kind: 'graduated', tiers: [] } })).toBe('tiers_missing');
      expect(await publish(billing, { model: { kind: 'volume', tiers: tiers(5n, 5n, undefined) } })).toBe(
        'tiers_out_of_order',
      );
      expect(await publish(billing, { model: { kind: 'volume', tiers: tiers(5n) } })).toBe('last_tier_has_an_end');
      expect(await publish(billing, { model: { kind: 'withdrawn' } })).toBe('price_gap');
      expect(await publish(billing, { item: 'gpu.a100-80g', model: { kind: 'withdrawn' } })).toBe(1);
    });
  });

  describe('a commitment', () => {
    it('charges at the end of the month what was missing, once, and corrects it when usage comes late', async () => {
      await using billing = await funded();
      const set = (fromMonth: string, monthlyMicros = 10_000n) =>
        setCommitment(billing.deps, { accountId: 'acc_1', monthlyMicros, fromMonth });
      expect(await set('2025-12')).toMatchObject({ refusal: { reason: 'month_invalid' } });
      expect(await set('2026-01', 0n)).toMatchObject({ refusal: { reason: 'amount_out_of_range' } });
      expect(await set('2026-01')).toMatchObject({ kind: 'set' });
      expect(await set('2026-05')).toMatchObject({ refusal: { reason: 'commitment_overlaps' } });
      await rate(billing, [window('use_1', 0, 1_000)]);
      expect(await settleCommitments(billing.deps, '2026-01')).toBe(0);
      await billing.clock.advance(32 * 24 * HOUR_MS);
      expect(await settleCommitments(billing.deps, '2026-01')).toBe(1);
      expect(await settleCommitments(billing.deps, '2026-01')).toBe(0);
      expect(await spent(billing)).toBe(10_000n);
      await rate(billing, [window('late', 1_000, 1_300)]);
      expect(await spent(billing)).toBe(12_100n);
      expect(await settleCommitments(billing.deps, '2026-01')).toBe(1);
      expect(await spent(billing)).toBe(10_000n);
      await billing.audit();
    });

    it('is kept whole by an account that has a discount of everything', async () => {
      await using billing = await funded();
      const everything = { accountId: 'acc_1', meter: '*', region: '', item: '*', effectiveFrom: NOW };
      await setDiscount(billing.deps, { ...everything, basisPoints: 5_000 });
      await setCommitment(billing.deps, { accountId: 'acc_1', monthlyMicros: 10_000n, fromMonth: '2026-01' });
      await rate(billing, [window('use_1', 0, 1_000)]);
      expect(await spent(billing)).toBe(3_500n);
      await billing.clock.advance(32 * 24 * HOUR_MS);
      await settleCommitments(billing.deps, '2026-01');
      expect(await spent(billing)).toBe(10_000n);
      await billing.audit();
    });
  });

  describe('failures that others had', () => {
    it('an event id minted per emission: the id is the fact’s, so four emissions are one charge', async () => {
      await using billing = await funded();
      for (let emission = 0; emission < 4; emission++) await rate(billing, [window('job_1:1:0:0-1000', 0, 1_000)]);
      expect(await spent(billing)).toBe(7_000n);
    });

    it('a counter reset at an anchor: late usage of last month does not start this month anew', async () => {
      await using billing = await funded();
      await publishPrices(billing.deps, [
        { ...tokens(1n), model: { kind: 'graduated', tiers: [{ upTo: 10n, amountMicros: 0n }, { amountMicros: 5n }] } },
      ]);
      const boundary = shanghai('2026-02-01T00:00:00');
      const call = (usageId: string, at: number, quantity: bigint) =>
        aUsage({ usageId, readings: [{ meter: 'tokens_output', quantity }], from: at, to: at });
      await rate(billing, [call('feb', boundary, 10n)]);
      await rate(billing, [call('jan late', boundary - 1, 10n)]);
      await rate(billing, [call('feb more', boundary + 1, 1n)]);
      expect(await spent(billing)).toBe(5n);
    });

    it('rounding once per line: 3600 seconds one by one cost what one hour costs', async () => {
      await using billing = await funded();
      const seconds = Array.from({ length: 3_600 }, (_, i) =>
        aUsage({
          usageId: `s${i}`,
          from: NOW + i * 1_000,
          to: NOW + (i + 1) * 1_000,
          readings: [{ meter: 'gpu_time', quantity: 1n }],
        }),
      );
      for (let at = 0; at < seconds.length; at += 600) await rate(billing, seconds.slice(at, at + 600));
      const inPieces = await spent(billing);
      await rate(billing, [
        aUsage({
          usageId: 'h',
          source: { kind: 'job', id: 'job_2', epoch: 1 },
          to: NOW + HOUR_MS,
          readings: [{ meter: 'gpu_time', quantity: 3_600n }],
        }),
      ]);
      expect([inPieces, (await spent(billing)) - inPieces]).toEqual([8_400n, 8_400n]);
    });
  });
}
