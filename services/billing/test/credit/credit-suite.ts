import { systemContext } from '@suanli/kernel';
import { describe, expect, it } from 'vitest';
import { closeHolds } from '../../src/app/holds/close-holds.ts';
import { expireHolds } from '../../src/app/holds/expire-holds.ts';
import { placeHolds } from '../../src/app/holds/place-holds.ts';
import { expireLots, warnOfExpiry } from '../../src/app/lots/expire-lots.ts';
import { type GrantCredit, grantCredit } from '../../src/app/lots/grant-credit.ts';
import { rateUsages } from '../../src/app/rating/rate-usages.ts';
import { openWallet } from '../../src/app/wallet/open-wallet.ts';
import { recharge } from '../../src/app/wallet/recharge.ts';
import { lockBatch, writeBatch } from '../../src/app/write-batch.ts';
import { payNow } from '../../src/domain/ledger/pay.ts';
import { ANYTHING, type Lot } from '../../src/domain/lot/lot.ts';
import type { Usage } from '../../src/domain/rating/usage.ts';
import { aTenantPath, aUsage, HOUR_MS, NOW } from '../../src/testing/builders.ts';
import type { BillingUnderTest } from '../under-test.ts';

const DAY_MS = 24 * HOUR_MS;

/** Credit, for whatever keeps the rows. The price is 7 micros for 3 units. */
export function creditSuite(make: () => Promise<BillingUnderTest>): void {
  const tenant = aTenantPath();
  const { accountId } = tenant;
  const ctx = systemContext(tenant, 'test', new AbortController().signal);
  const scope = { product: 'job', item: 'gpu.a100-80g', region: 'cn-shanghai' };
  const purpose = { kind: 'job', id: 'job_1', epoch: 1 };

  /** A wallet with cash, and what a test does with it. */
  async function aPurse({ deps, clock }: BillingUnderTest, cashMicros: bigint) {
    const payment = { requestId: 'cash', channel: 'development', currency: 'CNY', serialNumber: '' };
    if (cashMicros > 0n) await recharge(deps, ctx, { ...payment, amountMicros: cashMicros });
    else await deps.transact((stores) => openWallet(deps, stores, accountId));
    let requests = 0;
    const lots = async (): Promise<Lot[]> =>
      (await deps.reads.lots({ accountId, status: '', now: clock.now() }, { limit: 50 })).rows.toReversed();
    return {
      async grant(changes: Partial<GrantCredit>): Promise<Lot> {
        requests += 1;
        const terms = { kind: 'promotional' as const, priority: 10, applicability: ANYTHING, reason: 'a gift' };
        const wish = { requestId: `g${requests}`, accountId, amountMicros: 10n, ...terms, ...changes };
        const result = await grantCredit(deps, 'operator', wish);
        if (result.kind === 'refused') throw new Error(result.reason);
        return result.lot;
      },
      async hold(amountMicros: bigint, on = scope) {
        requests += 1;
        const command = {
          requestId: `h${requests}`,
          tenant,
          amountMicros,
          expiresAt: NOW + DAY_MS,
          purpose,
          scope: on,
        };
        const [result] = await placeHolds(deps, [command]);
        return result?.outcome;
      },
      async use(quantity: bigint, changes: Partial<Usage> = {}) {
        requests += 1;
        const usage = aUsage({ usageId: `u${requests}`, readings: [{ meter: 'gpu_time', quantity }], ...changes });
        const [outcome] = await deps.transact((stores) => rateUsages(deps, stores, [usage]));
        if (outcome?.kind !== 'rated') throw new Error(outcome?.kind);
        const { heldMicros, walletMicros, writtenOffMicros } = outcome.charges[0]?.charge ?? {};
        return { usage, heldMicros, walletMicros, writtenOffMicros };
      },
      sweep: () => deps.transact((stores) => expireLots(deps, stores, 100)),
      lots,
      left: async () => (await lots()).map((lot) => lot.remainingMicros),
      posted: async () => (await deps.reads.wallet(accountId))?.postedMicros,
    };
  }

  describe('credit', () => {
    it('is used lot after lot, then cash: usage cascades, and nobody is cut off while money is left', async () => {
      await using billing = await make();
      const purse = await aPurse(billing, 100n);
      await purse.grant({ priority: 2 });
      await purse.grant({ priority: 1 });
      expect(await purse.use(6n)).toMatchObject({ walletMicros: 14n, writtenOffMicros: 0n });
      expect(await purse.left()).toEqual([6n, 0n]);
      expect(await purse.use(6n)).toMatchObject({ walletMicros: 14n, writtenOffMicros: 0n });
      expect(await purse.left()).toEqual([0n, 0n]);
      expect(await purse.posted()).toBe(92n);
      const { rows } = await billing.deps.reads.billLines(tenant, { limit: 1 }, '');
      const evidence = await billing.deps.reads.evidence(tenant, rows[0]?.id ?? '');
      const credit = evidence?.transfers.map(({ lotParts = [] }) =>
        lotParts.map((part) => part.amountMicros).toSorted((a, b) => Number(b - a)),
      );
      expect(credit).toEqual([[10n, 4n], [6n]]);
      await billing.audit();
    });

    it('that is meant for something never pays for another thing, held or not', async () => {
      await using billing = await make();
      const purse = await aPurse(billing, 0n);
      await purse.grant({ applicability: { ...ANYTHING, items: ['gpu.h100-80g'] } });
      expect(await purse.hold(1n)).toMatchObject({ kind: 'refused', refusal: { missingMicros: 1n } });
      const held = await purse.hold(10n, { ...scope, item: 'gpu.h100-80g' });
      if (held?.kind !== 'held') throw new Error('credit that applies is there');
      const leaked = await purse.use(3n, { holdId: held.hold.id });
      expect(leaked).toMatchObject({ heldMicros: 0n, walletMicros: 0n, writtenOffMicros: 7n });
      expect(await purse.left()).toEqual([10n]);
      const meant = await purse.use(3n, { holdId: held.hold.id, item: 'gpu.h100-80g' });
      expect(meant).toMatchObject({ heldMicros: 7n, writtenOffMicros: 0n });
      await billing.audit();
    });

    it('never covers for cash: what is short is borne by the platform, in the open, and nothing is clamped', async () => {
      await using billing = await make();
      const purse = await aPurse(billing, 5n);
      await purse.grant({ applicability: { ...ANYTHING, regions: ['cn-beijing'] } });
      expect(await purse.use(6n)).toMatchObject({ walletMicros: 5n, writtenOffMicros: 9n });
      expect(await purse.posted()).toBe(10n);
      expect(await purse.left()).toEqual([10n]);
      await billing.audit();
    });

    it('pays until its last millisecond, and at the very instant of its expiry no longer', async () => {
      await using billing = await make();
      const purse = await aPurse(billing, 0n);
      await purse.grant({ expiresAt: NOW + HOUR_MS });
      await billing.clock.advance(HOUR_MS - 1);
      expect(await purse.use(1n)).toMatchObject({ walletMicros: 2n });
      await billing.clock.advance(1);
      // Nobody has swept it yet: it is in the wallet still, and pays for nothing.
      expect(await purse.posted()).toBe(8n);
      expect(await purse.hold(1n)).toMatchObject({ kind: 'refused', refusal: { missingMicros: 1n } });
      expect(await purse.use(1n)).toMatchObject({ walletMicros: 0n, writtenOffMicros: 2n });
      await billing.audit();
    });

    it('granted again and again counts once at the instant where two grants meet', async () => {
      await using billing = await make();
      const purse = await aPurse(billing, 0n);
      await purse.grant({ expiresAt: NOW + HOUR_MS });
      await purse.grant({ effectiveAt: NOW + HOUR_MS, expiresAt: NOW + 2 * HOUR_MS });
      for (const step of [HOUR_MS - 1, 1, 1]) {
        await billing.clock.advance(step);
        expect(await purse.hold(11n)).toMatchObject({ kind: 'refused', refusal: { missingMicros: 1n } });
      }
    });

    it('breaks to the micro when it expires, is told of a week before and then, once each', async () => {
      await using billing = await make();
      const purse = await aPurse(billing, 0n);
      await purse.grant({ expiresAt: NOW + 10 * DAY_MS });
      await purse.use(1n);
      const warn = () => billing.deps.transact((stores) => warnOfExpiry(billing.deps, stores, 100));
      const events = async () => (await billing.told()).filter((kind) => kind.startsWith('lot_'));
      await warn();
      expect(await events()).toEqual([]);
      await billing.clock.advance(3 * DAY_MS);
      await warn();
      await warn();
      expect(await events()).toEqual(['lot_expiring']);
      await billing.clock.advance(7 * DAY_MS);
      expect([await purse.sweep(), await purse.sweep()]).toEqual([1, 0]);
      expect(await events()).toEqual(['lot_expiring', 'lot_expired']);
      expect(await purse.lots()).toMatchObject([{ remainingMicros: 0n, brokenMicros: 8n }]);
      expect(await purse.posted()).toBe(0n);
      await billing.audit();
    });

    it('that a hold set aside in time stays good for it; what comes back too late breaks at once', async () => {
      await using billing = await make();
      const purse = await aPurse(billing, 0n);
      await purse.grant({ expiresAt: NOW + HOUR_MS });
      const held = await purse.hold(8n);
      if (held?.kind !== 'held') throw new Error('the hold was refused');
      await billing.clock.advance(2 * HOUR_MS);
      await purse.sweep();
      expect(await purse.lots()).toMatchObject([{ remainingMicros: 8n, reservedMicros: 8n, brokenMicros: 2n }]);
      expect(await purse.use(1n, { holdId: held.hold.id })).toMatchObject({ heldMicros: 2n });
      await closeHolds(billing.deps, [{ requestId: 'c', holdId: held.hold.id }]);
      expect(await purse.lots()).toMatchObject([{ remainingMicros: 0n, reservedMicros: 0n, brokenMicros: 8n }]);
      expect(await purse.posted()).toBe(0n);
      await billing.audit();
    });

    it('held by a hold that expires comes back to where it was', async () => {
      await using billing = await make();
      const purse = await aPurse(billing, 4n);
      await purse.grant({});
      await purse.hold(12n);
      expect(await purse.lots()).toMatchObject([{ reservedMicros: 10n }]);
      await billing.clock.advance(2 * DAY_MS);
      await billing.deps.transact((stores) => expireHolds(billing.deps, stores, 10));
      expect(await purse.lots()).toMatchObject([{ remainingMicros: 10n, reservedMicros: 0n }]);
      await billing.audit();
    });

    it('that paid for what is corrected comes back, once, and as new credit when its time has passed', async () => {
      await using billing = await make();
      const purse = await aPurse(billing, 0n);
      await purse.grant({ expiresAt: NOW + HOUR_MS });
      const { usage } = await purse.use(3n);
      await billing.clock.advance(HOUR_MS);
      await purse.sweep();
      const less = await purse.use(1n, { correctsUsageId: usage.usageId });
      expect(less).toMatchObject({ walletMicros: -5n });
      const renewed = (await purse.lots()).at(-1);
      expect(renewed).toMatchObject({
        kind: 'compensation',
        remainingMicros: 5n,
        expiresAt: NOW + HOUR_MS + 30 * DAY_MS,
      });
      const more = await purse.use(2n, { correctsUsageId: less.usage.usageId });
      expect(more).toMatchObject({ walletMicros: 2n });
      expect(await purse.use(0n, { correctsUsageId: more.usage.usageId })).toMatchObject({ walletMicros: -4n });
      // What the renewed lot had paid went back into it; the rest was the first lot's, and is renewed again.
      expect((await purse.left()).slice(1)).toEqual([5n, 2n]);
      expect(await purse.posted()).toBe(7n);
      await billing.audit();
    });

    it('held by parallel callers is held once: as many are admitted as credit and cash are good for', async () => {
      await using billing = await make();
      const purse = await aPurse(billing, 55n);
      await purse.grant({ amountMicros: 47n });
      await purse.grant({ amountMicros: 30n, applicability: { ...ANYTHING, items: ['gpu.h100-80g'] } });
      const outcomes = await Promise.all(Array.from({ length: 30 }, () => purse.hold(10n)));
      expect(outcomes.filter((outcome) => outcome?.kind === 'held')).toHaveLength(10);
      expect((await purse.lots()).map((lot) => lot.reservedMicros)).toEqual([47n, 0n]);
      await billing.audit();
    });

    it('pays for orders too, where it applies, and never for less than the whole', async () => {
      await using billing = await make();
      const { deps } = billing;
      const purse = await aPurse(billing, 5n);
      await purse.grant({ applicability: { ...ANYTHING, products: ['plan'] } });
      const pay = (amountMicros: bigint, product: string) =>
        deps.transact(async (stores) => {
          const batch = await lockBatch(deps, stores, { accountIds: [accountId], holdIds: [] });
          const on = { product, item: '', region: '' };
          const paid = payNow(batch, { accountId, amountMicros, scope: on, code: 'charge', reference: 'ord_1' });
          await writeBatch(deps, stores, batch);
          return paid;
        });
      expect(await pay(6n, 'reservation')).toMatchObject({
        refusal: { reason: 'insufficient_funds', missingMicros: 1n },
      });
      expect(await pay(16n, 'plan')).toMatchObject({ refusal: { reason: 'insufficient_funds', missingMicros: 1n } });
      expect(await pay(12n, 'plan')).toMatchObject({ kind: 'paid' });
      expect(await purse.left()).toEqual([0n]);
      expect(await purse.posted()).toBe(3n);
    });

    it.each([
      ['nothing', { amountMicros: 0n }, 'amount_out_of_range'],
      ['less than nothing', { amountMicros: -1n }, 'amount_out_of_range'],
      ['more than fits', { amountMicros: 2n ** 62n }, 'amount_out_of_range'],
      ['an odd priority', { priority: 51 }, 'priority_out_of_range'],
      ['what has expired', { expiresAt: NOW }, 'expiry_in_past'],
      ['what ends before it begins', { effectiveAt: NOW + 9, expiresAt: NOW + 8 }, 'expiry_in_past'],
      ['for no reason', { reason: ' ' }, 'reason_missing'],
      ['to nobody', { accountId: 'acc_nobody' }, 'wallet_not_found'],
      ['a long list', { applicability: { ...ANYTHING, items: Array(101).fill('x') } }, 'applicability_too_long'],
    ])('is not granted: %s', async (_story, changes, reason) => {
      await using billing = await make();
      const purse = await aPurse(billing, 0n);
      await expect(purse.grant(changes)).rejects.toThrow(reason);
      expect(await purse.lots()).toEqual([]);
    });

    it('is granted once for one request, and another body is another request', async () => {
      await using billing = await make();
      const purse = await aPurse(billing, 0n);
      const one = await purse.grant({ requestId: 'same' });
      expect(await purse.grant({ requestId: 'same' })).toEqual(one);
      await expect(purse.grant({ requestId: 'same', amountMicros: 11n })).rejects.toThrow('request_id_reused');
      expect(await purse.left()).toEqual([10n]);
    });
  });
}
