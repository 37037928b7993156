import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type NewPrice, publishPrices } from '../../src/app/prices/publish-prices.ts';
import { setDiscount } from '../../src/app/prices/set-discount.ts';
import { createQuote } from '../../src/app/quotes/create-quote.ts';
import { checkQuoteAtSubmit } from '../../src/app/quotes/check-quote.ts';
import type { Tier } from '../../src/domain/price/price-model.ts';
import { aTenantPath, aUsage, HOUR_MS, NOW, ODD_PRICE } from '../../src/testing/builders.ts';
import { shanghai } from '../../src/testing/dates.ts';
import type { BillingUnderTest } from '../under-test.ts';
import {
  window,
  cutsOf,
  sliced,
  tokens,
  graduated,
  volume,
  wallet,
  pay,
  seeded,
  tenant,
  ratingBench,
} from './bench.ts';

/** What usage costs under prices that change, count a month, have discounts, or were promised. */
export function priceSuite(make: () => Promise<BillingUnderTest>, options: { numRuns: number }): void {
  const { funded, rate, spent, lines } = ratingBench(make);

  describe('a change of price', () => {
    it('in the middle of a window splits exactly at the instant, however the window is sliced', async () => {
      await fc.assert(
        fc.asyncProperty(cutsOf(10_000), fc.integer({ min: 1, max: 9_999 }), async (cuts, changeMs) => {
          await using billing = await funded();
          await publishPrices(billing.deps, [{ ...ODD_PRICE, amountMicros: 70n, effectiveFrom: NOW + changeMs }]);
          await rate(billing, sliced(cuts, 3n));
          const [early, late] = [BigInt(changeMs) * 3n, BigInt(10_000 - changeMs) * 3n];
          expect(await spent(billing)).toBe((early * 7n) / 3n + (late * 70n) / 3n);
        }),
        seeded('price change', options.numRuns),
      );
    });

    it('at the boundary belongs to what begins there, and is counted once', async () => {
      await using billing = await funded();
      await publishPrices(billing.deps, [{ ...ODD_PRICE, amountMicros: 70n, effectiveFrom: NOW + 1_000 }]);
      await rate(billing, [window('before', 0, 1_000), window('after', 1_000, 2_000)]);
      const charged = (await lines(billing)).map(({ priceVersion, quantity }) => [priceVersion, quantity]);
      expect(charged).toHaveLength(2);
      expect(charged).toEqual(
        expect.arrayContaining([
          [1, 3_000n],
          [2, 3_000n],
        ]),
      );
      await billing.audit();
    });

    it('leaves usage that counts things where it began', async () => {
      await using billing = await funded();
      await publishPrices(billing.deps, [tokens(5n), { ...tokens(9n), effectiveFrom: NOW + 500 }]);
      await rate(billing, [aUsage({ readings: [{ meter: 'tokens_output', quantity: 7n }] })]);
      expect(await spent(billing)).toBe(35n);
    });
  });

  describe('a price of the whole month', () => {
    const TIERS: Tier[] = [
      { upTo: 10n, amountMicros: 100n, flatMicros: 7n },
      { upTo: 40n, amountMicros: 60n },
      { amountMicros: 10n },
    ];
    const models: [string, Partial<NewPrice>, (total: bigint) => bigint][] = [
      ['graduated', { model: { kind: 'graduated', tiers: TIERS } }, graduated],
      ['volume', { model: { kind: 'volume', tiers: TIERS } }, volume],
      ['package', { model: { kind: 'package' }, amountMicros: 500n, perQuantity: 8n }, (q) => ((q + 7n) / 8n) * 500n],
      ['flat', { model: { kind: 'flat' }, amountMicros: 900n }, (q) => (q > 0n ? 900n : 0n)],
    ];

    it.each(models)('%s costs what the total costs, in any slices, order and batches', async (_name, price, costs) => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.record({ quantity: fc.integer({ min: 0, max: 30 }), resource: fc.integer({ min: 1, max: 3 }) }), {
            minLength: 1,
            maxLength: 8,
          }),
          fc.infiniteStream(fc.integer({ min: 0, max: 1_000 })),
          fc.integer({ min: 1, max: 4 }),
          async (calls, keys, batchSize) => {
            await using billing = await funded();
            await publishPrices(billing.deps, [{ ...tokens(1n), ...price }]);
            const events = calls.map(({ quantity, resource }, i) =>
              aUsage({
                usageId: `use_${i}`,
                source: { kind: 'inference', id: `req_${resource}`, epoch: 0 },
                readings: [{ meter: 'tokens_output', quantity: BigInt(quantity) }],
                from: NOW + i,
                to: NOW + i,
              }),
            );
            const told = [...events, ...events]
              .map((event) => ({ event, key: keys.next().value ?? 0 }))
              .sort((a, b) => a.key - b.key)
              .map((one) => one.event);
            for (let at = 0; at < told.length; at += batchSize) await rate(billing, told.slice(at, at + batchSize));
            const total = BigInt(calls.reduce((sum, call) => sum + call.quantity, 0));
            expect(await spent(billing)).toBe(costs(total));
            await billing.audit();
          },
        ),
        seeded(_name, options.numRuns),
      );
    });

    it('begins anew with the month of the account’s calendar', async () => {
      await using billing = await funded();
      await publishPrices(billing.deps, [{ ...tokens(1n), model: { kind: 'flat' }, amountMicros: 900n }]);
      const call = (usageId: string, at: number) =>
        aUsage({ usageId, readings: [{ meter: 'tokens_output', quantity: 1n }], from: at, to: at });
      const boundary = shanghai('2026-03-01T00:00:00');
      await rate(billing, [call('feb', boundary - 1), call('feb again', boundary - 2), call('mar', boundary)]);
      expect(await spent(billing)).toBe(1_800n);
      expect(new Set((await lines(billing)).map((line) => line.period))).toEqual(new Set(['2026-02', '2026-03']));
    });

    it('gives money back when more use makes all of it cheaper, but never what the platform bore', async () => {
      await using billing = await make();
      await pay(billing.deps, tenant, 400n);
      await publishPrices(billing.deps, [
        { ...tokens(1n), model: { kind: 'volume', tiers: [{ upTo: 10n, amountMicros: 100n }, { amountMicros: 10n }] } },
      ]);
      const call = (usageId: string, quantity: bigint) =>
        aUsage({
          usageId,
          source: { kind: 'inference', id: usageId, epoch: 0 },
          readings: [{ meter: 'tokens_output', quantity }],
        });
      await rate(billing, [call('ten', 10n)]);
      expect((await wallet(billing.deps, tenant)).postedMicros).toBe(0n);
      await rate(billing, [call('one', 1n)]);
      // 11 at 10 each are 110: the platform's 600 go back first, then 290 to the customer, who has paid 110 now.
      expect((await wallet(billing.deps, tenant)).postedMicros).toBe(290n);
      await billing.audit();
    });
  });

  describe('a day', () => {
    it('has its own charge, and days sum to what one line costs', async () => {
      await using billing = await funded();
      const from = shanghai('2028-02-28T12:00:00');
      const days = 3 * 24 * HOUR_MS;
      await rate(billing, [
        aUsage({ from, to: from + days, readings: [{ meter: 'gpu_time', quantity: BigInt(days) }] }),
      ]);
      const [line] = await lines(billing);
      const evidence = await billing.deps.reads.evidence(tenant, line?.id ?? '');
      expect(evidence?.charges.map(({ day, quantity }) => [day, quantity / BigInt(HOUR_MS)])).toEqual([
        ['2028-02-28', 12n],
        ['2028-02-29', 24n],
        ['2028-03-01', 24n],
        ['2028-03-02', 12n],
      ]);
      expect(await spent(billing)).toBe((BigInt(days) * 7n) / 3n);
      await billing.audit();
    });
  });

  describe('a discount', () => {
    it('lowers what comes after its beginning, exactly at the instant, and ends the same way', async () => {
      await using billing = await funded();
      const scope = { accountId: 'acc_1', meter: '*', region: '', item: '*' };
      await setDiscount(billing.deps, { ...scope, basisPoints: 2_500, effectiveFrom: NOW + 1_000 });
      await setDiscount(billing.deps, { ...scope, basisPoints: 0, effectiveFrom: NOW + 2_000 });
      await rate(billing, [window('all', 0, 3_000)]);
      expect(await spent(billing)).toBe(14_000n + (3_000n * 7n * 7_500n) / (3n * 10_000n));
      await billing.audit();
    });

    it('is refused when it is no part of the whole, starts in the past, or is for nobody', async () => {
      await using billing = await funded();
      const scope = { accountId: 'acc_1', meter: '*', region: '', item: '*', effectiveFrom: NOW };
      const reasons = await Promise.all(
        [
          { ...scope, basisPoints: 10_001 },
          { ...scope, basisPoints: -1 },
          { ...scope, basisPoints: 100, effectiveFrom: NOW - HOUR_MS },
          { ...scope, basisPoints: 100, accountId: 'acc_nobody' },
        ].map(async (draft) => {
          const result = await setDiscount(billing.deps, draft);
          return result.kind === 'refused' ? result.refusal.reason : 'set';
        }),
      );
      expect(reasons).toEqual([
        'basis_points_out_of_range',
        'basis_points_out_of_range',
        'discount_starts_in_past',
        'wallet_not_found',
      ]);
    });

    it('does not lower a price that the account has for itself', async () => {
      await using billing = await funded();
      await publishPrices(billing.deps, [{ ...ODD_PRICE, accountId: 'acc_1', amountMicros: 1n, perQuantity: 1n }]);
      await setDiscount(billing.deps, {
        accountId: 'acc_1',
        meter: '*',
        region: '',
        item: '*',
        basisPoints: 5_000,
        effectiveFrom: NOW,
      });
      await rate(billing, [window('mine', 0, 1_000)]);
      expect(await spent(billing)).toBe(3_000n);
    });
  });

  describe('a quote', () => {
    const quoted = {
      tenant,
      lines: [{ meter: 'gpu_time', region: 'cn-shanghai', item: 'gpu.a100-80g', quantity: 3_000n }],
      holdMicros: 0n,
      expectedMicros: 0n,
    };

    it('holds its prices for usage that names it, whatever becomes of the book', async () => {
      await using billing = await funded();
      const result = await createQuote(billing.deps, quoted);
      if (result.kind !== 'created') throw new Error(result.reason);
      expect(result.quote).toMatchObject({ holdMicros: 7_000n, expectedMicros: 7_000n });
      await publishPrices(billing.deps, [{ ...ODD_PRICE, amountMicros: 700n, effectiveFrom: NOW + 1 }]);
      await rate(billing, [{ ...window('use_q', 500, 1_500), quoteId: result.quote.id }]);
      expect(await spent(billing)).toBe(7_000n);
      await rate(billing, [window('use_b', 500, 1_500)]);
      expect(await spent(billing)).toBe(707_000n);
      await billing.audit();
    });

    it('is good until its end, for its account alone', async () => {
      await using billing = await funded();
      const result = await createQuote(billing.deps, quoted);
      if (result.kind !== 'created') throw new Error(result.reason);
      const { id: quoteId, validUntil } = result.quote;
      const check = async (id: string, accountId: string) => {
        const answer = await checkQuoteAtSubmit(billing.deps, { quoteId: id, accountId });
        return answer.kind === 'refused' ? answer.reason : 'valid';
      };
      expect(await check(quoteId, 'acc_1')).toBe('valid');
      expect(await check(quoteId, 'acc_2')).toBe('quote_of_other_tenant');
      expect(await check('qte_nothing', 'acc_1')).toBe('quote_not_found');
      await billing.clock.advance(validUntil - NOW);
      expect(await check(quoteId, 'acc_1')).toBe('quote_expired');
    });

    it('that nobody made, or that another account has, parks the usage', async () => {
      await using billing = await funded();
      await pay(billing.deps, aTenantPath('acc_2'), 100n);
      const result = await createQuote(billing.deps, { ...quoted, tenant: aTenantPath('acc_2') });
      if (result.kind !== 'created') throw new Error(result.reason);
      const outcomes = await rate(billing, [
        { ...window('use_u', 0, 1), quoteId: 'qte_nothing' },
        { ...window('use_f', 0, 1), quoteId: result.quote.id },
      ]);
      expect(outcomes).toMatchObject([{ reason: 'quote_not_found' }, { reason: 'quote_of_other_tenant' }]);
    });
  });
}
