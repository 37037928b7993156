import fc from 'fast-check';
import { systemContext, type TenantPath } from '@suanli/kernel';
import { describe, expect, it } from 'vitest';
import type { BillingDeps } from '../src/app/ports.ts';
import { placeHolds } from '../src/app/holds/place-holds.ts';
import { type NewPrice, publishPrices } from '../src/app/prices/publish-prices.ts';
import { setCommitment } from '../src/app/prices/set-commitment.ts';
import { setDiscount } from '../src/app/prices/set-discount.ts';
import { settleCommitments } from '../src/app/prices/settle-commitments.ts';
import { createQuote } from '../src/app/quotes/create-quote.ts';
import { checkQuoteAtSubmit } from '../src/app/quotes/check-quote.ts';
import { rateUsages } from '../src/app/rating/rate-usages.ts';
import { replayCurable } from '../src/app/rating/replay-parked-usage.ts';
import { onWorkloadFenced } from '../src/app/reactions/on-workload-fenced.ts';
import { getWallet } from '../src/app/wallet/get-wallet.ts';
import { recharge } from '../src/app/wallet/recharge.ts';
import { chargeSteps, replayLine } from '../src/domain/provenance/explain-line.ts';
import type { Tier } from '../src/domain/price/price-model.ts';
import type { Usage } from '../src/domain/rating/usage.ts';
import { aTenantPath, aUsage, HOUR_MS, NOW, ODD_PRICE } from '../src/testing/builders.ts';
import { shanghai } from '../src/testing/dates.ts';
import type { BillingUnderTest } from './under-test.ts';

/** What usage costs, whatever keeps the rows. */
export function ratingSuite(make: () => Promise<BillingUnderTest>, options: { numRuns: number }): void {
  const tenant = aTenantPath();
  const START = 1_000_000_000n;

  async function funded(): Promise<BillingUnderTest> {
    const billing = await make();
    await pay(billing.deps, tenant, START);
    return billing;
  }
  const rate = ({ deps }: { deps: BillingDeps }, usages: Usage[]) =>
    deps.transact((stores) => rateUsages(deps, stores, usages));
  const spent = async ({ deps }: BillingUnderTest) => START - (await wallet(deps, tenant)).postedMicros;
  const lines = async ({ deps }: BillingUnderTest) => (await deps.reads.billLines(tenant, { limit: 50 }, '')).rows;
  const fence = ({ deps }: BillingUnderTest, fencedAt: number, epoch = 1) =>
    deps.transact((stores) =>
      onWorkloadFenced(deps, stores, { sourceKind: 'job', sourceId: 'job_1', epoch, fencedAt, accountId: 'acc_1' }),
    );

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
      expect(charged.toSorted()).toEqual([
        [1, 3_000n],
        [2, 3_000n],
      ]);
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
      expect((await lines(billing)).map((line) => line.period).toSorted()).toEqual(['2026-02', '2026-03']);
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

  describe('a correction', () => {
    const original = window('use_o', 0, 1_000);
    const correction = (usageId: string, correctsUsageId: string, quantity: bigint) => ({
      ...original,
      usageId,
      correctsUsageId,
      readings: [{ meter: 'gpu_time', quantity }],
    });

    it('books the difference, up or down, and down gives money back', async () => {
      await using billing = await funded();
      await rate(billing, [original]);
      await rate(billing, [correction('use_c', 'use_o', 300n)]);
      expect(await spent(billing)).toBe(700n);
      await rate(billing, [correction('use_d', 'use_c', 6_000n)]);
      expect(await spent(billing)).toBe(14_000n);
      await rate(billing, [correction('use_e', 'use_d', 0n)]);
      expect(await spent(billing)).toBe(0n);
      await billing.audit();
    });

    it('of a correction costs the same in every order, doubled, and in any batches', async () => {
      const chain = [
        original,
        correction('use_c', 'use_o', 1_234n),
        correction('use_d', 'use_c', 77n),
        correction('use_e', 'use_d', 2_001n),
      ];
      await fc.assert(
        fc.asyncProperty(
          fc.shuffledSubarray([...chain, ...chain], { minLength: 8 }),
          fc.integer({ min: 1, max: 5 }),
          async (told, batchSize) => {
            await using billing = await funded();
            for (let at = 0; at < told.length; at += batchSize) await rate(billing, told.slice(at, at + batchSize));
            expect(await spent(billing)).toBe((2_001n * 7n) / 3n);
            expect(await billing.deps.reads.parkedUsageCount()).toBe(0);
            await billing.audit();
          },
        ),
        seeded('corrections', options.numRuns),
      );
    });

    it('that comes before its original waits for it, and is rated by itself when that comes', async () => {
      await using billing = await funded();
      expect(await rate(billing, [correction('use_c', 'use_o', 300n)])).toMatchObject([
        { reason: 'original_not_found' },
      ]);
      expect(await spent(billing)).toBe(0n);
      const outcomes = await rate(billing, [original]);
      expect(outcomes.map(({ kind, usageId }) => [kind, usageId])).toEqual([
        ['rated', 'use_o'],
        ['rated', 'use_c'],
      ]);
      expect(await spent(billing)).toBe(700n);
    });

    it('is refused for what another one corrected, for another resource, and for another account', async () => {
      await using billing = await funded();
      await pay(billing.deps, aTenantPath('acc_2'), 100n);
      await rate(billing, [original, correction('use_c', 'use_o', 300n)]);
      const fork = correction('use_f', 'use_o', 5n);
      const elsewhere = { ...correction('use_r', 'use_c', 5n), source: { kind: 'job', id: 'job_2', epoch: 1 } };
      const stranger = { ...correction('use_s', 'use_c', 5n), tenant: aTenantPath('acc_2') };
      const itself = correction('use_i', 'use_i', 5n);
      const reasons = (await rate(billing, [fork, elsewhere, stranger, itself])).map(
        (one) => 'reason' in one && one.reason,
      );
      expect(reasons).toEqual([
        'already_corrected',
        'correction_of_other_fact',
        'correction_of_other_fact',
        'original_not_found',
      ]);
      expect(await spent(billing)).toBe(700n);
    });

    it('of another content under its id is a contradiction', async () => {
      await using billing = await funded();
      await rate(billing, [original, correction('use_c', 'use_o', 300n)]);
      expect(await rate(billing, [correction('use_c', 'use_o', 301n)])).toMatchObject([{ kind: 'contradiction' }]);
      expect(await rate(billing, [correction('use_c', 'use_o', 300n)])).toMatchObject([{ kind: 'duplicate' }]);
    });
  });

  describe('a fence', () => {
    it('charges what ended by it whenever it comes, refuses what is beyond, and cuts what straddles it', async () => {
      await using billing = await funded();
      await fence(billing, NOW + 1_500);
      const outcomes = await rate(billing, [
        window('in', 0, 1_000),
        window('cut', 1_000, 2_000),
        window('out', 2_000, 3_000),
      ]);
      expect(outcomes.map((one) => ('reason' in one ? one.reason : one.kind))).toEqual([
        'rated',
        'rated',
        'beyond_fence',
      ]);
      expect(await spent(billing)).toBe((4_500n * 7n) / 3n);
      await rate(billing, [{ ...window('next', 2_000, 3_000), source: { kind: 'job', id: 'job_1', epoch: 2 } }]);
      expect(await spent(billing)).toBe((7_500n * 7n) / 3n);
      await billing.audit();
    });

    it('costs the same whether it comes before the usage, between, or after', async () => {
      await fc.assert(
        fc.asyncProperty(
          cutsOf(10_000),
          fc.integer({ min: 0, max: 10_000 }),
          fc.integer({ min: 0, max: 20 }),
          async (cuts, fencedMs, place) => {
            await using billing = await funded();
            const events = sliced(cuts, 3n);
            await rate(billing, events.slice(0, place));
            await fence(billing, NOW + fencedMs);
            await fence(billing, NOW + fencedMs);
            const rest = events.slice(place);
            if (rest.length > 0) await rate(billing, rest);
            expect(await spent(billing)).toBe((BigInt(fencedMs) * 3n * 7n) / 3n);
            await billing.audit();
          },
        ),
        seeded('fence', options.numRuns),
      );
    });

    it('cuts a correction too', async () => {
      await using billing = await funded();
      await rate(billing, [window('use_o', 0, 2_000)]);
      await fence(billing, NOW + 1_000);
      expect(await spent(billing)).toBe(7_000n);
      const twice = {
        ...window('use_c', 0, 2_000),
        correctsUsageId: 'use_o',
        readings: [{ meter: 'gpu_time', quantity: 12_000n }],
      };
      await rate(billing, [twice]);
      expect(await spent(billing)).toBe(14_000n);
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

  async function holdOf({ deps }: BillingUnderTest): Promise<string> {
    const [held] = await placeHolds(deps, [
      {
        requestId: 'p1',
        tenant,
        amountMicros: 10_000n,
        expiresAt: NOW + HOUR_MS,
        purpose: { kind: 'job', id: 'job_1', epoch: 1 },
      },
    ]);
    if (held?.outcome.kind !== 'held') throw new Error('the hold was refused');
    return held.outcome.hold.id;
  }

  describe('the provenance of a line', () => {
    it('replays to the same micro from its events and prices, for every price model, correction and fence', async () => {
      await using billing = await funded();
      const tiers: Tier[] = [{ upTo: 10n, amountMicros: 100n }, { amountMicros: 7n }];
      await publishPrices(billing.deps, [
        { ...tokens(1n), model: { kind: 'volume', tiers }, perQuantity: 3n },
        { ...tokens(11n), meter: 'tokens_input', model: { kind: 'graduated', tiers }, perQuantity: 3n },
        { ...tokens(11n), meter: 'requests', model: { kind: 'package' }, perQuantity: 4n },
      ]);
      const scope = { accountId: 'acc_1', meter: '*', region: '', item: '*' };
      await setDiscount(billing.deps, { ...scope, basisPoints: 333, effectiveFrom: NOW + 1_500 });
      const call = (usageId: string, quantity: bigint) =>
        aUsage({
          usageId,
          to: NOW,
          readings: ['tokens_output', 'tokens_input', 'requests'].map((meter) => ({ meter, quantity })),
        });
      await rate(billing, [call('a', 9n), call('b', 14n), window('w', 0, 3_000), window('x', 3_000, 3_001)]);
      await rate(billing, [{ ...call('c', 3n), correctsUsageId: 'b' }]);
      await fence(billing, NOW + 2_000);
      const found = await lines(billing);
      expect(found.length).toBeGreaterThan(4);
      for (const line of found) {
        const evidence = await billing.deps.reads.evidence(tenant, line.id);
        if (evidence === undefined) throw new Error('a line has its evidence');
        expect(replayLine(evidence)).toEqual({ amountMicros: line.amountMicros, isEqual: true, isPartial: false });
        for (const charge of evidence.charges) {
          const usage = evidence.usages.find((one) => one.usageId === charge.usageId);
          expect(chargeSteps(charge, usage, evidence).at(-1)).toContain(`= ${charge.amountMicros} micros`);
        }
        const forged = { ...evidence, line: { ...line, amountMicros: line.amountMicros + 1n } };
        expect(replayLine(forged).isEqual).toBe(false);
      }
      expect(await billing.deps.reads.evidence(aTenantPath('acc_2'), found[0]?.id ?? '')).toBeUndefined();
      await billing.audit();
    });
  });

  describe('money back', () => {
    it('goes to the wallet and leaves the hold as it was captured', async () => {
      await using billing = await funded();
      const holdId = await holdOf(billing);
      const original = { ...window('use_o', 0, 1_000), holdId };
      await rate(billing, [original]);
      await rate(billing, [
        { ...original, usageId: 'use_c', correctsUsageId: 'use_o', readings: [{ meter: 'gpu_time', quantity: 300n }] },
      ]);
      expect(await billing.deps.reads.hold(holdId)).toMatchObject({ capturedMicros: 7_000n });
      expect(await spent(billing)).toBe(700n);
      await billing.audit();
    });
  });
}

/** Three units a millisecond, as a timed meter counts. */
function window(usageId: string, fromMs: number, toMs: number, perMs = 3n): Usage {
  const readings = [{ meter: 'gpu_time', quantity: BigInt(toMs - fromMs) * perMs }];
  return aUsage({ usageId, from: NOW + fromMs, to: NOW + toMs, readings });
}

const cutsOf = (lengthMs: number) =>
  fc
    .uniqueArray(fc.integer({ min: 1, max: lengthMs - 1 }), { maxLength: 12 })
    .map((cuts) => [0, ...cuts.toSorted((a, b) => a - b), lengthMs]);

function sliced(cuts: readonly number[], perMs: bigint): Usage[] {
  return cuts.slice(1).map((to, i) => window(`use_${i}`, cuts[i] ?? 0, to, perMs));
}

function tokens(amountMicros: bigint): NewPrice {
  return {
    meter: 'tokens_output',
    region: '',
    item: '*',
    amountMicros,
    perQuantity: 1n,
    display: '',
    effectiveFrom: 0,
  };
}

function graduated(total: bigint): bigint {
  const first = total < 10n ? total : 10n;
  const second = total <= 10n ? 0n : total < 40n ? total - 10n : 30n;
  const third = total <= 40n ? 0n : total - 40n;
  return (total > 0n ? 7n : 0n) + first * 100n + second * 60n + third * 10n;
}

function volume(total: bigint): bigint {
  if (total === 0n) return 0n;
  return total <= 10n ? total * 100n + 7n : total <= 40n ? total * 60n : total * 10n;
}

function wallet(deps: BillingDeps, tenant: TenantPath) {
  return getWallet(deps, systemContext(tenant, 'test', new AbortController().signal));
}

function pay(deps: BillingDeps, tenant: TenantPath, amountMicros: bigint) {
  const ctx = systemContext(tenant, 'test', new AbortController().signal);
  return recharge(deps, ctx, {
    requestId: 'first',
    channel: 'development',
    amountMicros,
    currency: 'CNY',
    serialNumber: '',
  });
}

/** The seed is in the log of every run, and in the failure. */
function seeded(name: string, numRuns: number): { seed: number; numRuns: number } {
  const seed = Number(process.env.RATING_SEED ?? 20_260_101);
  process.stdout.write(`rating ${name}: seed ${seed}, ${numRuns} runs\n`);
  return { seed, numRuns };
}
