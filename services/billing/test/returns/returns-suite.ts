import fc from 'fast-check';
import { systemClock } from '@suanli/kernel';
import { describe, expect, it } from 'vitest';
import { grantCredit } from '../../src/app/lots/grant-credit.ts';
import { publishPrices } from '../../src/app/prices/publish-prices.ts';
import { chargeSteps, lineSteps, replayLine } from '../../src/domain/provenance/explain-line.ts';
import { ANYTHING } from '../../src/domain/lot/lot.ts';
import { aUsage } from '../../src/testing/builders.ts';
import type { BillingUnderTest } from '../under-test.ts';
import { pay, tenant, tokens, wallet } from '../rating/bench.ts';
import { jobId, returnsBench, usageOf } from './returns-bench.ts';
import { ReturnsModel, type Span } from './returns-model.ts';

const START = 10_000;
const { accountId } = tenant;

type Operation =
  | { kind: 'use'; job: number; span: Span; perMs: number }
  | { kind: 'correct'; which: number; perMs: number }
  | { kind: 'fence'; job: number; at: number }
  | { kind: 'refund'; job: number; amount: number }
  | { kind: 'unusable'; job: number; span: Span };

const span = fc
  .tuple(fc.integer({ min: 0, max: 90 }), fc.integer({ min: 1, max: 60 }))
  .map(([from, length]) => ({ from, to: from + length }));
const job = fc.integer({ min: 1, max: 2 });
const perMs = fc.constantFrom(0, 7, 14, 21);
const operations: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('use' as const), job, span, perMs }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('correct' as const), which: fc.nat(20), perMs }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('fence' as const), job, at: fc.nat(120) }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('refund' as const), job, amount: fc.integer({ min: 1, max: 900 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('unusable' as const), job, span }) },
);

/** Money of a bill line goes back by corrections, fences, refunds and credits: never twice, whatever keeps the rows. */
export function returnsSuite(make: () => Promise<BillingUnderTest>, options: { numRuns: number }): void {
  const funded = async (micros = START) => {
    const billing = await make();
    await pay(billing.deps, tenant, BigInt(micros));
    return billing;
  };
  const fact = (id: string, from: number, to: number, perMs = 7) => ({ id, job: 1, span: { from, to }, perMs });

  describe('what came back of a line', () => {
    it('by a refund does not come back by a correction, which gives the rest alone', async () => {
      await using billing = await funded();
      const bench = returnsBench(billing);
      await bench.record(usageOf(fact('a', 0, 100)));
      expect(await bench.refund(1, 300n)).toBe(true);
      await bench.record(usageOf({ ...fact('b', 0, 100), perMs: 0 }, 'a'));
      expect(await bench.posted()).toBe(BigInt(START));
      expect(await bench.lineOf(1)).toMatchObject({ amountMicros: 0n, refundedMicros: 0n });
      await billing.audit();
    });

    it('by a refund counts first: a correction by less than it gives nothing, and says so', async () => {
      await using billing = await funded();
      const bench = returnsBench(billing);
      await bench.record(usageOf(fact('a', 0, 100, 21)));
      await bench.refund(1, 900n);
      await bench.record(usageOf(fact('b', 0, 100, 14), 'a'));
      expect(await bench.posted()).toBe(BigInt(START) - 1_200n);
      const line = await bench.lineOf(1);
      expect(line).toMatchObject({ amountMicros: 1_400n, refundedMicros: 200n });
      const evidence = await billing.deps.reads.evidence(tenant, line?.id ?? '');
      if (evidence === undefined) throw new Error('a line has its evidence');
      const correction = evidence.charges.find((charge) => charge.amountMicros < 0n);
      if (correction === undefined) throw new Error('the correction made a charge');
      expect(correction).toMatchObject({ walletMicros: 0n, refundedMicros: -700n });
      expect(chargeSteps(correction, undefined, evidence)).toContain(
        'had come back before: 700 micros by a refund; comes back now: 0 micros',
      );
      expect(lineSteps(evidence)).toContain('of which came back: 200 micros by refunds, 0 micros by credits');
      expect(replayLine(evidence).isEqual).toBe(true);
      await billing.audit();
    });

    it('by a correction leaves a refund no more than is left', async () => {
      await using billing = await funded();
      const bench = returnsBench(billing);
      await bench.record(usageOf(fact('a', 0, 100, 21)));
      await bench.record(usageOf(fact('b', 0, 100, 7), 'a'));
      expect(await bench.refund(1, 701n)).toBe(false);
      expect(await bench.refund(1, 700n)).toBe(true);
      expect(await bench.refund(1, 1n)).toBe(false);
      expect(await bench.posted()).toBe(BigInt(START));
      await billing.audit();
    });

    it.each([
      ['late time of it: a fence that cuts the same time gives nothing', { from: 50, to: 100 }, 50n],
      ['early time of it: a fence that cuts later time gives that', { from: 0, to: 50 }, 10n],
      ['all of it: a fence gives nothing, and keeps the credit of what is charged', { from: 0, to: 100 }, 0n],
    ])('by a credit for %s', async (_story, span, costMs) => {
      await using billing = await funded();
      const bench = returnsBench(billing);
      await bench.record(usageOf(fact('a', 0, 100)));
      await bench.unusable(1, span);
      await bench.fence(1, 60);
      expect(await bench.posted()).toBe(BigInt(START) - costMs * 7n);
      await billing.audit();
    });

    it('by a credit is of its own usage: a correction of other usage on the line gives all of that back', async () => {
      await using billing = await funded();
      const bench = returnsBench(billing);
      await bench.record(usageOf(fact('a', 0, 100)));
      await bench.record(usageOf(fact('b', 100, 200)));
      await bench.unusable(1, { from: 0, to: 100 });
      await bench.record(usageOf({ ...fact('c', 100, 200), perMs: 0 }, 'b'));
      expect(await bench.posted()).toBe(BigInt(START));
      await bench.record(usageOf({ ...fact('d', 0, 100), perMs: 0 }, 'a'));
      expect(await bench.posted()).toBe(BigInt(START));
      await billing.audit();
    });

    it('by a correction is not credited once more when its time is told unusable later', async () => {
      await using billing = await funded();
      const bench = returnsBench(billing);
      await bench.record(usageOf(fact('a', 0, 100, 21)));
      await bench.record(usageOf(fact('other', 100, 200, 21)));
      await bench.record(usageOf(fact('b', 0, 100, 7), 'a'));
      await bench.unusable(1, { from: 0, to: 100 });
      expect(await bench.posted()).toBe(BigInt(START) - 2_100n);
      await billing.audit();
    });
  });

  describe('money of a total that resources share', () => {
    const tiers = [{ upTo: 10n, amountMicros: 100n }, { upTo: 40n, amountMicros: 60n }, { amountMicros: 10n }];
    const volumeOf = (quantity: bigint) => quantity * (quantity <= 10n ? 100n : quantity <= 40n ? 60n : 10n);
    const call = (usageId: string, job: number, quantity: bigint, correctsUsageId?: string) =>
      aUsage({
        usageId,
        source: { kind: 'job', id: jobId(job), epoch: 1 },
        readings: [{ meter: 'tokens_output', quantity }],
        ...(correctsUsageId !== undefined && { correctsUsageId }),
      });
    async function gifted(billing: BillingUnderTest, amountMicros: bigint): Promise<void> {
      await publishPrices(billing.deps, [{ ...tokens(1n), model: { kind: 'volume', tiers } }]);
      const terms = { kind: 'promotional' as const, priority: 10, applicability: ANYTHING, reason: 'a gift' };
      await grantCredit(billing.deps, 'operator', { requestId: 'gift', accountId, amountMicros, ...terms });
    }

    it('is credit again where credit of another resource had paid, by usage that makes all of it cheaper', async () => {
      await using billing = await funded(500);
      await gifted(billing, 1_000n);
      const bench = returnsBench(billing);
      await bench.record(call('a', 1, 10n));
      await bench.record(call('b', 2, 1n));
      expect([await bench.cash(), await bench.posted()]).toEqual([500n, 840n]);
      await billing.audit();
    });

    it('is credit again by a correction, cash only as far as cash paid', async () => {
      await using billing = await funded(500);
      await gifted(billing, 700n);
      const bench = returnsBench(billing);
      await bench.record(call('a', 1, 7n));
      await bench.record(call('b', 2, 2n));
      expect([await bench.cash(), await bench.posted()]).toEqual([300n, 300n]);
      await bench.record(call('c', 2, 0n, 'b'));
      await bench.record(call('d', 1, 4n, 'a'));
      expect([await bench.cash(), await bench.posted()]).toEqual([500n, 800n]);
      await billing.audit();
    });

    it('is refunded of one line at most as far as the whole total was paid, credit as credit', async () => {
      await using billing = await funded(500);
      await gifted(billing, 1_000n);
      const bench = returnsBench(billing);
      await bench.record(call('a', 1, 10n));
      await bench.record(call('b', 2, 1n));
      expect(await bench.refund(1, 661n)).toBe(false);
      expect(await bench.refund(1, 660n)).toBe(true);
      expect(await bench.refund(2, 1n)).toBe(false);
      expect([await bench.cash(), await bench.posted()]).toEqual([500n, 1_500n]);
      await bench.record(call('c', 1, 0n, 'a'));
      expect([await bench.cash(), await bench.posted()]).toEqual([500n, 1_500n]);
      await billing.audit();
    });

    it('never makes cash of credit, in any order of usage, corrections and refunds', async () => {
      const step = fc.record({
        job: fc.integer({ min: 1, max: 3 }),
        quantity: fc.bigInt(0n, 25n),
        refund: fc.bigInt(1n, 900n),
        what: fc.constantFrom('use', 'use', 'correct', 'refund'),
      });
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { minLength: 2, maxLength: 12 }),
          fc.bigInt(0n, 3_000n),
          async (steps, gift) => {
            await using billing = await funded(50_000);
            await gifted(billing, gift + 1n);
            const bench = returnsBench(billing);
            const told = new Map<number, { id: string; quantity: bigint }>();
            let [cost, refunded] = [0n, 0n];
            for (const [at, { job, quantity, refund, what }] of steps.entries()) {
              const before = told.get(job);
              if (what === 'refund') {
                if (await bench.refund(job, refund)) refunded += refund;
              } else if (before === undefined || what === 'correct') {
                await bench.record(call(`u${at}`, job, quantity, before?.id));
                told.set(job, { id: `u${at}`, quantity });
              }
              const after = volumeOf([...told.values()].reduce((sum, one) => sum + one.quantity, 0n));
              // A refund counts first where the bill gets smaller.
              if (after < cost) refunded -= refunded < cost - after ? refunded : cost - after;
              cost = after;
              expect(await bench.posted()).toBe(50_000n + gift + 1n - cost + refunded);
              expect((await bench.cash()) <= 50_000n).toBe(true);
              await billing.audit();
            }
          },
        ),
        { numRuns: options.numRuns, seed: seedOf('shared totals') },
      );
    });
  });

  describe('any sequence of usage, corrections, fences, refunds and credits', () => {
    it('returns no more than it took at every step, and leaves the wallet that the model says', async () => {
      const start = fc.constantFrom(500, 2_000, START);
      await fc.assert(
        fc.asyncProperty(fc.array(operations, { minLength: 3, maxLength: 14 }), start, async (sequence, money) => {
          await using billing = await funded(money);
          const bench = returnsBench(billing);
          const model = new ReturnsModel(money);
          for (const [at, one] of sequence.entries()) {
            await billing.clock.advance(1);
            const answers = await runBoth({ bench, model }, one, `u${String(at).padStart(2, '0')}`);
            expect(answers.billing).toBe(answers.model);
            expect((await wallet(billing.deps, tenant)).postedMicros).toBe(BigInt(model.wallet));
            for (const { taken, returned } of await bench.flows()) expect(returned <= taken).toBe(true);
            expect(model.returned <= model.taken).toBe(true);
            await billing.audit();
          }
        }),
        { numRuns: options.numRuns, seed: seedOf('money back') },
      );
    });
  });
}

/** Both answer whether a refund was given; everything else is. */
async function runBoth(
  { bench, model }: { bench: ReturnType<typeof returnsBench>; model: ReturnsModel },
  one: Operation,
  id: string,
): Promise<{ billing: boolean; model: boolean }> {
  const done = { billing: true, model: true };
  if (one.kind === 'use') {
    await bench.record(usageOf({ ...one, id }));
    model.use({ ...one, id });
  } else if (one.kind === 'correct') {
    const which = model.facts.length === 0 ? -1 : one.which % model.facts.length;
    const fact = model.facts[which];
    if (fact === undefined) return done;
    await bench.record(usageOf({ ...fact, id, perMs: one.perMs }, fact.id));
    model.correct(which, id, one.perMs);
  } else if (one.kind === 'fence') {
    await bench.fence(one.job, one.at);
    model.fence(one.job, one.at);
  } else if (one.kind === 'refund') {
    return { billing: await bench.refund(one.job, BigInt(one.amount)), model: model.refund(one.job, one.amount) };
  } else {
    await bench.unusable(one.job, one.span);
    model.tellUnusable(one.job, one.span);
  }
  return done;
}

/** `SUANLI_TEST_SEED` repeats a run. Printed, so that a pass can be repeated too. */
function seedOf(what: string): number {
  const seed = Number(process.env.SUANLI_TEST_SEED ?? systemClock.now() % 2 ** 31);
  process.stdout.write(`seed of ${what}: ${seed}\n`);
  return seed;
}
