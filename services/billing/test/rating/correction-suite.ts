import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { placeHolds } from '../../src/app/holds/place-holds.ts';
import { publishPrices } from '../../src/app/prices/publish-prices.ts';
import { setDiscount } from '../../src/app/prices/set-discount.ts';
import { chargeSteps, replayLine } from '../../src/domain/provenance/explain-line.ts';
import type { Tier } from '../../src/domain/price/price-model.ts';
import { aTenantPath, aUsage, HOUR_MS, NOW } from '../../src/testing/builders.ts';
import type { BillingUnderTest } from '../under-test.ts';
import { window, cutsOf, sliced, tokens, pay, seeded, tenant, ratingBench } from './bench.ts';

/** What corrections, fences and late usage change, and what they never change. */
export function correctionSuite(make: () => Promise<BillingUnderTest>, options: { numRuns: number }): void {
  const { funded, rate, spent, lines, fence } = ratingBench(make);

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
}
