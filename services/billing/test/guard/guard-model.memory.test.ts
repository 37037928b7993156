import { SimClock } from '@suanli/test-kit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { closeHolds } from '../../src/app/holds/close-holds.ts';
import { expireHolds } from '../../src/app/holds/expire-holds.ts';
import { publishPrices } from '../../src/app/prices/publish-prices.ts';
import { rateUsages } from '../../src/app/rating/rate-usages.ts';
import type { BillingDeps } from '../../src/app/ports.ts';
import { counts } from '../../src/domain/budget/budget.ts';
import { type Hold, isResolved, remainingMicros } from '../../src/domain/hold/hold.ts';
import { aTenantPath, aUsage, HOUR_MS, NOW, ODD_PRICE } from '../../src/testing/builders.ts';
import { memoryBilling } from '../../src/testing/memory-billing.ts';
import type { MemoryState } from '../../src/testing/memory-state.ts';
import { fund, make, place } from './guard-suite.ts';

const DAY_LIMIT = 300n;
const KEY_LIMIT = 400n;
const ITEMS = ['qwen', 'llama'];

const command = fc.oneof(
  fc.record({ kind: fc.constant('place' as const), key: fc.nat(1), item: fc.nat(1), micros: fc.bigInt(1n, 150n) }),
  fc.record({ kind: fc.constant('use' as const), hold: fc.nat(30), share: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ kind: fc.constant('close' as const), hold: fc.nat(30) }),
  fc.record({ kind: fc.constant('wait' as const), hours: fc.integer({ min: 1, max: 30 }) }),
);
type Command = typeof command extends fc.Arbitrary<infer One> ? One : never;

describe('budgets under any sequence of commands', () => {
  it('reserve what open holds have left, count every charge once, and are never passed by what was held', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 40 }), async (commands) => {
        const clock = new SimClock(NOW);
        const { deps, state } = memoryBilling(clock);
        await publishPrices(deps, [ODD_PRICE]);
        await fund(deps, 1_000_000n);
        await make(deps, { limits: { day: DAY_LIMIT } });
        await make(deps, { scope: { kind: 'key', id: 'key_0' }, limits: { total: KEY_LIMIT } });
        await make(deps, { scope: { kind: 'item', id: 'qwen' }, limits: { month: KEY_LIMIT }, isHard: false });
        for (const one of commands) {
          await run(deps, clock, [...state().holds.values()], one);
          expect(brokenIn(state(), clock.now())).toEqual([]);
        }
      }),
      { numRuns: 60 },
    );
  });
});

async function run(deps: BillingDeps, clock: SimClock, holds: readonly Hold[], one: Command): Promise<void> {
  switch (one.kind) {
    case 'place': {
      const tenant = { ...aTenantPath(), principalId: `key_${one.key}` };
      const scope = { product: 'inference', item: ITEMS[one.item] ?? '', region: '' };
      await place(deps, one.micros, tenant, scope);
      return;
    }
    case 'use': {
      const hold = holds[one.hold];
      if (hold === undefined || isResolved(hold)) return;
      // A part of what is left: 7 micros for 3 units, never more than the hold has.
      const quantity = (remainingMicros(hold) * 3n) / (7n * BigInt(one.share));
      const usage = aUsage({
        usageId: `use_${hold.id}_${hold.version}`,
        tenant: hold.tenant,
        source: { kind: 'inference', id: `${hold.id}_${hold.version}`, epoch: 0 },
        readings: [{ meter: 'gpu_time', quantity }],
        item: hold.scope.item,
        holdId: hold.id,
        from: clock.now(),
        to: clock.now() + 1,
      });
      await deps.transact((stores) => rateUsages(deps, stores, [usage]));
      return;
    }
    case 'close': {
      const hold = holds[one.hold];
      if (hold !== undefined)
        await closeHolds(deps, [{ requestId: `close_${hold.id}_${clock.now()}`, holdId: hold.id }]);
      return;
    }
    case 'wait':
      await clock.advance(one.hours * HOUR_MS);
      await deps.transact((stores) => expireHolds(deps, stores, 100));
  }
}

/** Which promises are broken. */
function brokenIn({ budgets, budgetCounters, holds, charges }: MemoryState, now: number): string[] {
  const broken = charges
    .filter(({ writtenOffMicros }) => writtenOffMicros !== 0n)
    .map(({ id }) => `${id} was not held`);
  for (const budget of budgets.values()) {
    const mine = [...holds.values()].filter((hold) => counts(budget.scope, hold) === 'yes');
    const reserved = mine.reduce((sum, hold) => sum + remainingMicros(hold), 0n);
    if (budget.reservedMicros !== reserved) broken.push(`${budget.id} reserves what its holds have left`);
    const counters = [...budgetCounters.values()].filter((counter) => counter.budgetId === budget.id);
    const captured = mine.reduce((sum, hold) => sum + hold.capturedMicros, 0n);
    const counted = counters.reduce((sum, counter) => sum + counter.spentMicros, 0n);
    if (counted !== captured) broken.push(`${budget.id} counts what was captured, once`);
    if (!budget.isHard) continue;
    for (const { window, startsAt, endsAt = Number.POSITIVE_INFINITY, spentMicros } of counters) {
      const limit = budget.limits[window] ?? 0n;
      const open = startsAt <= now && now < endsAt ? reserved : 0n;
      if (spentMicros + open > limit) broken.push(`${budget.id} ${window}: ${spentMicros} + ${open} of ${limit}`);
    }
  }
  return broken;
}
