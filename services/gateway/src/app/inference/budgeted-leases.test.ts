import { silentLogger, SimClock } from '@suanli/test-kit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type MemoryBudget, memoryHoldDesk } from '../../testing/memory-hold-desk.ts';
import { createMoneyLeases, LEASE_TERMS } from './money-leases.ts';

const SLICE = LEASE_TERMS.sliceMicros;
const tenantOf = (principalId: string) => ({ accountId: 'acc_1', workspaceId: 'wsp_1', principalId });

function rig(budgets: MemoryBudget[], replicas = 1) {
  const clock = new SimClock();
  const desk = memoryHoldDesk({ walletMicros: 1_000n * SLICE, clock, budgets });
  let last = 0;
  const ids = { next: (prefix: string) => `${prefix}_${(last += 1)}` };
  const leases = Array.from({ length: replicas }, () => createMoneyLeases({ desk, clock, ids, logger: silentLogger }));
  return { desk, leases };
}

describe('money leases of an account with hard budgets', () => {
  it('are shared by keys and models where no budget tells them apart', async () => {
    const { desk, leases } = rig([]);
    for (const key of ['key_1', 'key_2']) await leases[0]?.reserve(tenantOf(key), `model-of-${key}`, 1_000n);
    expect([...desk.holds.values()]).toMatchObject([{ principalId: '', item: '' }]);
  });

  it('are those of one key or model where one does: the first calls at once are no exception', async () => {
    const { desk, leases } = rig([{ kind: 'key', id: 'key_1', limitMicros: SLICE }]);
    const call = async (at: number) => leases[0]?.reserve(tenantOf(`key_${at % 2}`), 'qwen', 1_000n);
    await Promise.all(Array.from({ length: 20 }, (_, at) => call(at)));
    const owners = [...desk.holds.values()].map(({ principalId, item }) => `${principalId}/${item}`);
    expect(new Set(owners)).toEqual(new Set(['key_0/', 'key_1/']));
    expect(owners).toHaveLength(2);
  });

  it('never reserve more for a key or a model than its budget has, over any number of replicas and calls at once', async () => {
    const calls = fc.array(
      fc.record({
        replica: fc.nat(2),
        key: fc.constantFrom('key_1', 'key_2'),
        model: fc.constantFrom('qwen', 'llama'),
        micros: fc.bigInt(1n, SLICE),
      }),
      { maxLength: 60 },
    );
    await fc.assert(
      fc.asyncProperty(calls, fc.bigInt(0n, 5n * SLICE), fc.bigInt(0n, 5n * SLICE), async (wanted, ofKey, ofModel) => {
        const { leases } = rig(
          [
            { kind: 'key', id: 'key_1', limitMicros: ofKey },
            { kind: 'item', id: 'qwen', limitMicros: ofModel },
          ],
          3,
        );
        let [key, model] = [0n, 0n];
        await Promise.all(
          wanted.map(async (one) => {
            const outcome = await leases[one.replica]?.reserve(tenantOf(one.key), one.model, one.micros);
            if (outcome?.kind !== 'reserved') return;
            if (one.key === 'key_1') key += one.micros;
            if (one.model === 'qwen') model += one.micros;
          }),
        );
        expect(key <= ofKey && model <= ofModel).toBe(true);
      }),
    );
  });

  it('take no more than a call needs from a budget that is nearly used up, and name it when it is', async () => {
    const { leases } = rig([{ kind: 'item', id: 'qwen', limitMicros: 1_500n }]);
    expect(await leases[0]?.reserve(tenantOf('key_1'), 'qwen', 1_000n)).toMatchObject({ kind: 'reserved' });
    expect(await leases[0]?.reserve(tenantOf('key_1'), 'qwen', 501n)).toMatchObject({
      kind: 'refused',
      reason: 'budget_exceeded',
      missingMicros: 1n,
      budget: { budgetId: 'qwen' },
    });
    expect(await leases[0]?.reserve(tenantOf('key_1'), 'llama', SLICE)).toMatchObject({ kind: 'reserved' });
  });
});
