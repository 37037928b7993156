import fc from 'fast-check';
import { systemContext } from '@suanli/kernel';
import { describe, expect, it } from 'vitest';
import { closeHolds } from '../src/app/holds/close-holds.ts';
import { expireHolds } from '../src/app/holds/expire-holds.ts';
import { extendHolds } from '../src/app/holds/extend-holds.ts';
import { placeHolds } from '../src/app/holds/place-holds.ts';
import { publishPrices } from '../src/app/prices/publish-prices.ts';
import { rateUsages } from '../src/app/rating/rate-usages.ts';
import { replayParkedUsage } from '../src/app/rating/replay-parked-usage.ts';
import { getWallet } from '../src/app/wallet/get-wallet.ts';
import { openWallet } from '../src/app/wallet/open-wallet.ts';
import { recharge } from '../src/app/wallet/recharge.ts';
import type { Hold } from '../src/domain/hold/hold.ts';
import type { Usage } from '../src/domain/rating/usage.ts';
import { aTenantPath, aUsage, HOUR_MS, NOW, ODD_PRICE } from '../src/testing/builders.ts';
import type { BillingUnderTest } from './under-test.ts';

/** Guarantees told as stories, for whatever keeps the rows. */
export function storySuite(make: () => Promise<BillingUnderTest>, options: { slicingRuns: number }): void {
  const tenant = aTenantPath();
  const ctx = systemContext(tenant, 'test', new AbortController().signal);
  const place = {
    requestId: 'p1',
    tenant,
    amountMicros: 100n,
    expiresAt: NOW + HOUR_MS,
    purpose: { kind: 'job', id: 'job_1', epoch: 1 },
  };

  const pay = (
    { deps }: BillingUnderTest,
    amountMicros: bigint,
    more: { requestId?: string; serialNumber?: string } = {},
  ) =>
    recharge(deps, ctx, {
      requestId: 'first',
      channel: 'development',
      amountMicros,
      currency: 'CNY',
      serialNumber: '',
      ...more,
    });
  const rate = ({ deps }: BillingUnderTest, usages: Usage[]) =>
    deps.transact((stores) => rateUsages(deps, stores, usages));
  const money = async ({ deps }: BillingUnderTest) => {
    const { postedMicros, pendingMicros } = await getWallet(deps, ctx);
    return [postedMicros, pendingMicros];
  };
  const lines = async ({ deps }: BillingUnderTest) => (await deps.reads.billLines(tenant, { limit: 10 }, '')).rows;
  async function aPlacedHold(billing: BillingUnderTest): Promise<Hold> {
    const [result] = await placeHolds(billing.deps, [place]);
    if (result?.outcome.kind !== 'held') throw new Error('the hold was refused');
    return result.outcome.hold;
  }

  describe('a wallet', () => {
    it('is opened once, whether the event of the account or its first call comes first', async () => {
      await using billing = await make();
      const open = () => billing.deps.transact((stores) => openWallet(billing.deps, stores, tenant.accountId));
      const [, , byCall] = await Promise.all([open(), pay(billing, 5n), getWallet(billing.deps, ctx), open()]);
      expect((await getWallet(billing.deps, ctx)).id).toBe(byCall.id);
      expect(await money(billing)).toEqual([5n, 0n]);
      await billing.audit();
    });

    it('takes a payment once, by its request and by its serial number', async () => {
      await using billing = await make();
      const [one, two] = await Promise.all([
        pay(billing, 5n, { serialNumber: 'bank-1' }),
        pay(billing, 5n, { serialNumber: 'bank-1' }),
      ]);
      expect(two).toEqual(one);
      expect(await pay(billing, 6n)).toEqual({ kind: 'refused', refusal: { reason: 'request_id_reused' } });
      const again = await pay(billing, 5n, { requestId: 'second', serialNumber: 'bank-1' });
      expect(again).toEqual({ kind: 'refused', refusal: { reason: 'serial_number_reused' } });
      expect(await money(billing)).toEqual([5n, 0n]);
    });

    it('tells when it runs low, is exhausted and is restored, once each', async () => {
      await using billing = await make();
      await pay(billing, 5_000n);
      const [held] = await placeHolds(billing.deps, [{ ...place, amountMicros: 4_500n }]);
      await placeHolds(billing.deps, [{ ...place, requestId: 'p2', amountMicros: 500n }]);
      if (held?.outcome.kind !== 'held') throw new Error('the hold was refused');
      await closeHolds(billing.deps, [{ requestId: 'c1', holdId: held.outcome.hold.id }]);
      expect(await billing.told()).toEqual(['restored', 'ran_low', 'exhausted', 'hold_ended', 'restored']);
    });
  });

  describe('a hold', () => {
    it('answers the same to the same request, and refuses another body', async () => {
      await using billing = await make();
      await pay(billing, 500n);
      const first = await placeHolds(billing.deps, [place, place]);
      expect(await placeHolds(billing.deps, [place])).toEqual(first.slice(0, 1));
      expect(first[1]).toEqual(first[0]);
      const [other] = await placeHolds(billing.deps, [{ ...place, amountMicros: 99n }]);
      expect(other?.outcome).toEqual({ kind: 'refused', refusal: { reason: 'request_id_reused', missingMicros: 0n } });
      expect(await money(billing)).toEqual([500n, 100n]);
    });

    it('can be tried without being placed, and the try leaves nothing', async () => {
      await using billing = await make();
      await pay(billing, 100n);
      const attempt = { ...place, isDryRun: true };
      const [fits, again] = await placeHolds(billing.deps, [attempt, attempt]);
      expect([fits, again].map((one) => one?.outcome.kind === 'held' && one.outcome.hold.id)).toEqual(['', '']);
      const [large] = await placeHolds(billing.deps, [{ ...attempt, amountMicros: 130n }]);
      expect(large?.outcome).toMatchObject({ refusal: { reason: 'insufficient_funds', missingMicros: 30n } });
      expect(await money(billing)).toEqual([100n, 0n]);
      expect((await aPlacedHold(billing)).amountMicros).toBe(100n);
    });

    it('in a batch is refused alone', async () => {
      await using billing = await make();
      await pay(billing, 150n);
      const results = await placeHolds(
        billing.deps,
        ['a', 'b', 'c'].map((requestId, i) => ({ ...place, requestId, amountMicros: [100n, 80n, 50n][i] ?? 0n })),
      );
      expect(results.map(({ outcome }) => outcome.kind)).toEqual(['held', 'refused', 'held']);
      expect(await money(billing)).toEqual([150n, 150n]);
      await billing.audit();
    });

    it('is kept for the last usage, released when that is rated, and closed twice without harm', async () => {
      await using billing = await make();
      await pay(billing, 100n);
      const { id } = await aPlacedHold(billing);
      const close = { requestId: 'c1', holdId: id, finalUsageId: 'use_1' };
      await closeHolds(billing.deps, [close, { ...close, requestId: 'c2' }]);
      expect(await money(billing)).toEqual([100n, 100n]);
      const [late] = await extendHolds(billing.deps, [
        { requestId: 'e1', holdId: id, amountMicros: 100n, expiresAt: NOW + HOUR_MS },
      ]);
      expect(late?.outcome).toMatchObject({ refusal: { reason: 'hold_not_active' } });
      await rate(billing, [aUsage({ holdId: id })]);
      expect(await money(billing)).toEqual([93n, 0n]);
      expect(await billing.told()).toEqual(['restored', 'exhausted', 'charge_rated', 'hold_ended', 'restored']);
      await billing.audit();
    });
  });

  describe('usage', () => {
    it('beyond its hold is paid by the wallet, and beyond the wallet by the platform', async () => {
      await using billing = await make();
      await pay(billing, 120n);
      const { id } = await aPlacedHold(billing);
      const [outcome] = await rate(billing, [aUsage({ holdId: id, readings: [{ meter: 'gpu_time', quantity: 60n }] })]);
      if (outcome?.kind !== 'rated') throw new Error('the usage was not rated');
      expect(outcome.charges[0]?.charge).toMatchObject({
        amountMicros: 140n,
        heldMicros: 100n,
        walletMicros: 20n,
        writtenOffMicros: 20n,
        writeOffReason: 'hold_exceeded',
      });
      expect(await money(billing)).toEqual([0n, 0n]);
      expect(await lines(billing)).toMatchObject([{ amountMicros: 140n, writtenOffMicros: 20n }]);
      await billing.audit();
    });

    it('captures from an expired hold until its time for late usage is over, then from the wallet', async () => {
      await using billing = await make();
      await pay(billing, 100n);
      const { id } = await aPlacedHold(billing);
      await billing.clock.advance(HOUR_MS + 59_999);
      const expire = () => billing.deps.transact((stores) => expireHolds(billing.deps, stores, 10));
      expect(await expire()).toBe(0);
      await rate(billing, [aUsage({ holdId: id })]);
      expect((await billing.deps.reads.hold(id))?.capturedMicros).toBe(7n);
      await billing.clock.advance(1);
      expect([await expire(), await expire()]).toEqual([1, 0]);
      await rate(billing, [aUsage({ usageId: 'use_2', holdId: id, from: NOW + 1 })]);
      expect(await billing.deps.reads.hold(id)).toMatchObject({
        status: 'expired',
        capturedMicros: 7n,
        releasedMicros: 93n,
      });
      expect(await money(billing)).toEqual([86n, 0n]);
      await billing.audit();
    });

    it('that cannot be rated is parked with its reason and rated once the cause is gone', async () => {
      await using billing = await make();
      await pay(billing, 100n);
      const [foreign] = await rate(billing, [
        aUsage({ usageId: 'use_f', tenant: aTenantPath('acc_2'), holdId: (await aPlacedHold(billing)).id }),
      ]);
      expect(foreign).toMatchObject({ kind: 'parked', reason: 'hold_of_other_tenant' });
      expect(await rate(billing, [aUsage({ usageId: 'use_h', holdId: 'hld_nowhere' })])).toMatchObject([
        { reason: 'hold_not_found' },
      ]);
      expect(await rate(billing, [aUsage({ usageId: 'use_w', tenant: aTenantPath('acc_3') })])).toMatchObject([
        { reason: 'wallet_not_found' },
      ]);
      const unpriced = aUsage({
        readings: [
          { meter: 'gpu_time', quantity: 3n },
          { meter: 'disk_time', quantity: 1n },
        ],
      });
      expect(await rate(billing, [unpriced])).toMatchObject([{ kind: 'parked', reason: 'price_not_found' }]);
      expect(await lines(billing)).toEqual([]);
      await publishPrices(billing.deps, [{ ...ODD_PRICE, meter: 'disk_time', amountMicros: 2n, perQuantity: 1n }]);
      expect((await replayParkedUsage(billing.deps, [])).filter((one) => one.kind === 'rated')).toEqual([]);
      expect(await replayParkedUsage(billing.deps, ['use_1'])).toEqual([]);
      expect(new Set((await lines(billing)).map((line) => line.amountMicros))).toEqual(new Set([2n, 7n]));
      await billing.audit();
    });

    it('of one id is charged once, and another fact under that id is a contradiction', async () => {
      await using billing = await make();
      await pay(billing, 100n);
      await rate(billing, [aUsage()]);
      expect(await rate(billing, [aUsage()])).toMatchObject([{ kind: 'duplicate' }]);
      const changed = aUsage({ readings: [{ meter: 'gpu_time', quantity: 9n }] });
      expect(await rate(billing, [changed])).toMatchObject([{ kind: 'contradiction' }]);
      expect(await money(billing)).toEqual([93n, 0n]);
    });

    it('of two tasks or two calls in the same millisecond is two facts, each charged', async () => {
      await using billing = await make();
      await pay(billing, 100n);
      const [first, second] = [aUsage({ usageId: 'job_1:1:0:0-1000' }), aUsage({ usageId: 'job_1:1:1:0-1000' })];
      expect(await rate(billing, [first, second])).toMatchObject([{ kind: 'rated' }, { kind: 'rated' }]);
      expect(await money(billing)).toEqual([86n, 0n]);
      await billing.audit();
    });

    it('is priced by the version in effect when it began, on a line of its own', async () => {
      await using billing = await make();
      await pay(billing, 1_000n);
      await publishPrices(billing.deps, [{ ...ODD_PRICE, amountMicros: 70n, effectiveFrom: NOW + 5_000 }]);
      await rate(billing, [aUsage({ usageId: 'new', from: NOW + 5_000, to: NOW + 6_000 }), aUsage({ usageId: 'old' })]);
      const charged = (await lines(billing)).map(({ priceVersion, amountMicros, usageIds }) => [
        priceVersion,
        amountMicros,
        usageIds,
      ]);
      expect(charged).toHaveLength(2);
      expect(charged).toEqual(
        expect.arrayContaining([
          [1, 7n, ['old']],
          [2, 70n, ['new']],
        ]),
      );
    });

    it('never costs more or less for being sliced, shuffled, doubled or batched', { timeout: 120_000 }, async () => {
      const slices = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 8 });
      const order = fc.infiniteStream(fc.integer({ min: 0, max: 1_000 }));
      await fc.assert(
        fc.asyncProperty(slices, order, fc.integer({ min: 1, max: 4 }), async (quantities, keys, batchSize) => {
          await using billing = await make();
          await pay(billing, 10_000n);
          const events = quantities.map((quantity, i) =>
            aUsage({
              usageId: `use_${i}`,
              readings: [{ meter: 'gpu_time', quantity: BigInt(quantity) }],
              from: NOW + i,
              to: NOW + i + 1,
            }),
          );
          const told = [...events, ...events]
            .map((event) => ({ event, key: keys.next().value ?? 0 }))
            .sort((a, b) => a.key - b.key);
          for (let at = 0; at < told.length; at += batchSize)
            await rate(
              billing,
              told.slice(at, at + batchSize).map((one) => one.event),
            );
          const total = BigInt(quantities.reduce((sum, quantity) => sum + quantity, 0));
          expect(await money(billing)).toEqual([10_000n - (total * 7n) / 3n, 0n]);
        }),
        { numRuns: options.slicingRuns },
      );
    });
  });
}
