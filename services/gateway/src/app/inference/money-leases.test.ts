import { silentLogger, SimClock } from '@suanli/test-kit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryHoldDesk } from '../../testing/memory-hold-desk.ts';
import { createMoneyLeases, LEASE_TERMS, type Slice, type SliceOutcome } from './money-leases.ts';
import type { HoldDesk } from './ports.ts';

const tenant = { accountId: 'acc_1', workspaceId: 'wsp_1', principalId: 'key_1' };
const SLICE = LEASE_TERMS.sliceMicros;

function rig(walletMicros: bigint) {
  const clock = new SimClock();
  const desk = memoryHoldDesk({ walletMicros, clock });
  return { clock, desk, ...replica(desk, clock) };
}

function replica(desk: HoldDesk, clock: SimClock, name = '') {
  let last = 0;
  const ids = { next: (prefix: string) => `${prefix}_${name}${(last += 1)}` };
  const leases = createMoneyLeases({ desk, clock, ids, logger: silentLogger });
  const reserve = async (micros: bigint): Promise<Slice> => {
    const outcome = await leases.reserve(tenant, 'qwen', micros);
    if (outcome.kind === 'refused') throw new Error(outcome.reason);
    return outcome.slice;
  };
  return { leases, reserve };
}

/** Runs the sweep for this long. */
async function sweepFor(leases: ReturnType<typeof replica>['leases'], clock: SimClock, ms: number): Promise<void> {
  const stop = new AbortController();
  const swept = leases.sweep(stop.signal);
  await clock.advance(ms);
  stop.abort();
  await swept;
}

describe('money leases', () => {
  it('ask billing once for many calls', async () => {
    const { desk, reserve } = rig(10n * SLICE);
    const slices = await Promise.all(Array.from({ length: 50 }, () => reserve(1_000n)));
    expect(new Set(slices.map(({ holdId }) => holdId)).size).toBe(1);
    expect(desk.availableMicros()).toBe(9n * SLICE);
  });

  it('give back what is left when idle, naming the last usage, and begin anew', async () => {
    const { clock, desk, leases, reserve } = rig(10n * SLICE);
    (await reserve(1_000n)).settle({ micros: 400n, usageId: 'inf_1' });
    await sweepFor(leases, clock, 70_000);
    expect(desk.closes).toEqual([{ holdId: 'hld_1', finalUsageId: 'inf_1' }]);
    expect((await reserve(1_000n)).holdId).toBe('hld_2');
  });

  it('are given back when idle also after an extension with calls under way', async () => {
    const { clock, desk, leases, reserve } = rig(10n * SLICE);
    const early = await reserve(SLICE);
    const late = await reserve(SLICE);
    early.settle({ micros: 10n, usageId: 'inf_1' });
    late.settle(undefined);
    await sweepFor(leases, clock, 70_000);
    expect(desk.closes).toEqual([{ holdId: 'hld_1', finalUsageId: 'inf_1' }]);
  });

  it('stay while a call uses them', async () => {
    const { clock, desk, leases, reserve } = rig(10n * SLICE);
    await reserve(1_000n);
    await sweepFor(leases, clock, 120_000);
    expect(desk.closes).toEqual([]);
  });

  it('are made to last before a call could outlive them', async () => {
    const { clock, desk, reserve } = rig(10n * SLICE);
    await reserve(1_000n);
    await clock.advance(LEASE_TERMS.lifeMs - LEASE_TERMS.callMs + 1_000);
    const { holdId } = await reserve(1_000n);
    expect(desk.holds.get(holdId)?.expiresAt).toBe(clock.now() + LEASE_TERMS.lifeMs);
  });

  it('take no more than the call needs from a wallet that is nearly empty', async () => {
    const { desk, leases, reserve } = rig(1_500n);
    await reserve(1_000n);
    expect(desk.availableMicros()).toBe(500n);
    expect(await leases.reserve(tenant, 'qwen', 1_000n)).toEqual({
      kind: 'refused',
      reason: 'insufficient_funds',
      missingMicros: 500n,
    });
  });

  it('go on after an answer of billing that was lost, and hold the money once', async () => {
    const { desk, leases, reserve } = rig(10n * SLICE);
    desk.loseAnswers(1);
    await expect(leases.reserve(tenant, 'qwen', 1_000n)).rejects.toThrow('lost');
    await reserve(1_000n);
    expect(desk.holds.size).toBe(1);
    desk.loseAnswers(1);
    await expect(leases.reserve(tenant, 'qwen', 2n * SLICE)).rejects.toThrow('lost');
    expect((await reserve(3n * SLICE)).holdId).toBe('hld_1');
  });

  it('do not come back to a hold that was given back while an answer about it was lost', async () => {
    const { clock, desk, leases, reserve } = rig(10n * SLICE);
    (await reserve(1_000n)).settle(undefined);
    desk.loseAnswers(1);
    await expect(leases.reserve(tenant, 'qwen', 2n * SLICE)).rejects.toThrow('lost');
    await sweepFor(leases, clock, 70_000);
    expect((await reserve(1_000n)).holdId).toBe('hld_2');
  });

  it('begin anew when the hold was ended behind their back', async () => {
    const { desk, reserve } = rig(10n * SLICE);
    const { holdId } = await reserve(1_000n);
    desk.revoke(holdId);
    expect((await reserve(SLICE)).holdId).toBe('hld_2');
  });

  it('wait at stop for calls under way, and reserve no more', async () => {
    const { clock, desk, leases, reserve } = rig(10n * SLICE);
    const slice = await reserve(1_000n);
    const closed = leases.close();
    await clock.advance(1_000);
    expect(desk.closes).toEqual([]);
    slice.settle({ micros: 1n, usageId: 'inf_1' });
    await closed;
    expect(desk.closes).toEqual([{ holdId: 'hld_1', finalUsageId: 'inf_1' }]);
    expect(await leases.reserve(tenant, 'qwen', 1n)).toMatchObject({ kind: 'refused', reason: 'stopping' });
  });

  it('do not wait for ever at stop', async () => {
    const { clock, desk, leases, reserve } = rig(10n * SLICE);
    await reserve(1_000n);
    const closed = leases.close();
    await clock.advance(5_000);
    await closed;
    expect(desk.closes).toEqual([]);
  });
});

type Step =
  | { do: 'reserve'; at: 0 | 1; micros: bigint }
  | { do: 'settle'; which: number; percent: bigint }
  | { do: 'drop'; which: number }
  | { do: 'pass'; ms: number }
  | { do: 'lose' }
  | { do: 'close'; at: 0 | 1 };
const at = fc.constantFrom(0 as const, 1 as const);
const which = fc.nat(30);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('reserve' as const), at, micros: fc.bigInt(1n, 900_000n) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('settle' as const), which, percent: fc.bigInt(0n, 100n) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('drop' as const), which }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 400_000 }) }) },
  { weight: 1, arbitrary: fc.constant({ do: 'lose' as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('close' as const), at }) },
);

describe('money leases of two replicas, in whatever order things happen', () => {
  it('never let more be captured and reserved than each hold has, nor more be held than the wallet', async () => {
    const plan = fc.array(step, { minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(plan, fc.scheduler(), fc.bigInt(0n, 4_000_000n), async (steps, scheduler, walletMicros) => {
        const clock = new SimClock();
        const desk = memoryHoldDesk({ walletMicros, clock });
        // Answers of billing arrive in any order.
        const slow: HoldDesk = {
          place: delayed(scheduler, desk.place),
          extend: delayed(scheduler, desk.extend),
          close: delayed(scheduler, desk.close),
        };
        const replicas = [replica(slow, clock, 'a'), replica(slow, clock, 'b')] as const;
        const book = createBook();
        const asked: Promise<unknown>[] = [];
        const check = () => {
          for (const [holdId, micros] of book.usedByHold())
            expect(micros <= (desk.holds.get(holdId)?.amountMicros ?? 0n), `${holdId} pays ${micros}`).toBe(true);
          for (const holdId of book.openHolds()) expect(desk.closes.some((c) => c.holdId === holdId)).toBe(false);
          expect(desk.availableMicros() >= 0n).toBe(true);
        };
        const take = async (one: Step) => {
          if (one.do === 'reserve')
            asked.push(
              replicas[one.at].leases.reserve(tenant, 'qwen', one.micros).then(
                (outcome) => book.add(outcome, one.micros),
                () => undefined,
              ),
            );
          else if (one.do === 'settle') book.settle(one.which, one.percent);
          else if (one.do === 'drop') book.settle(one.which, undefined);
          else if (one.do === 'pass') await clock.advance(one.ms);
          else if (one.do === 'lose') desk.loseAnswers(1);
          else asked.push(replicas[one.at].leases.close());
          check();
        };
        scheduler.scheduleSequence(steps.map((one) => () => take(one)));
        await scheduler.waitIdle();
        // Those that close wait for calls under way: let them run out of patience.
        await clock.advance(10_000);
        await scheduler.waitIdle();
        await Promise.all(asked);
        check();
      }),
      { numRuns: 200 },
    );
  });
});

/** Answers, also errors, arrive when the scheduler lets them. */
function delayed<Args extends unknown[], Answer>(scheduler: fc.Scheduler, work: (...args: Args) => Promise<Answer>) {
  const later = scheduler.scheduleFunction(async (...args: Args) => {
    const [result] = await Promise.allSettled([work(...args)]);
    return result;
  });
  return async (...args: Args): Promise<Answer> => {
    const result = await later(...args);
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  };
}

/** What calls have reserved and what was captured for them, by hold. */
function createBook() {
  const open: { slice: Slice; micros: bigint }[] = [];
  const captured = new Map<string, bigint>();
  const add = (to: Map<string, bigint>, holdId: string, micros: bigint) =>
    to.set(holdId, (to.get(holdId) ?? 0n) + micros);
  return {
    add(outcome: SliceOutcome, micros: bigint) {
      if (outcome.kind === 'reserved') open.push({ slice: outcome.slice, micros });
    },
    settle(index: number, percent: bigint | undefined) {
      const [one] = open.splice(index % Math.max(open.length, 1), 1);
      if (one === undefined) return;
      const micros = percent === undefined ? undefined : (one.micros * percent) / 100n;
      one.slice.settle(micros === undefined ? undefined : { micros, usageId: 'inf_1' });
      if (micros !== undefined) add(captured, one.slice.holdId, micros);
    },
    openHolds: () => new Set(open.map(({ slice }) => slice.holdId)),
    usedByHold() {
      const used = new Map(captured);
      for (const { slice, micros } of open) add(used, slice.holdId, micros);
      return used;
    },
  };
}
