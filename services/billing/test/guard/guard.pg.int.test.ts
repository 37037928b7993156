import { describe, expect, it } from 'vitest';
import { placeHolds } from '../../src/app/holds/place-holds.ts';
import { isUnavailable } from '@suanli/postgres';
import { aTenantPath, HOUR_MS, NOW } from '../../src/testing/builders.ts';
import { fund, guardSuite, make } from './guard-suite.ts';
import { billingOnPostgres } from '../under-test.ts';

const CALLERS = 200;
const MAX_ATTEMPTS = 10;
const PATIENCE_MS = 120_000;

describe('budgets and standings, on PostgreSQL', () => {
  guardSuite(billingOnPostgres);
});

/** On a busy machine a caller may find no free connection: it repeats the same request, as callers do. */
async function untilAnswered<T>(ask: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      if (!isUnavailable(error) || attempt === MAX_ATTEMPTS) throw error;
    }
  }
}

/** What budgets elsewhere are broken by: counters that are read before they are raised, or kept by each process. */
describe('a hard budget', { timeout: PATIENCE_MS }, () => {
  it.each([0, 1, 73, 199, 200])(
    'good for %s of 200 holds placed at once admits exactly as many: nothing is checked before it is counted',
    async (good) => {
      await using billing = await billingOnPostgres();
      const { deps } = billing;
      await fund(deps, 1_000_000n);
      await make(deps, { scope: { kind: 'key', id: 'key_of_acc_1' }, limits: { day: BigInt(good) * 10n + 9n } });
      const command = {
        tenant: aTenantPath(),
        amountMicros: 10n,
        expiresAt: NOW + HOUR_MS,
        purpose: { kind: 'job', id: 'job_1', epoch: 1 },
      };
      const results = await Promise.all(
        Array.from({ length: CALLERS }, (_, caller) =>
          untilAnswered(() => placeHolds(deps, [{ ...command, requestId: `r${caller}` }])),
        ),
      );
      const outcomes = results.map(([result]) => result?.outcome);
      expect(outcomes.filter((outcome) => outcome?.kind === 'held')).toHaveLength(good);
      const refusals = outcomes.flatMap((outcome) => (outcome?.kind === 'refused' ? [outcome.refusal.reason] : []));
      expect(refusals).toEqual(Array(CALLERS - good).fill('budget_exceeded'));
      await billing.audit();
    },
  );

  it('is counted from its first instant by every replica: none of the first requests at once gets by it', async () => {
    await using billing = await billingOnPostgres();
    const { deps } = billing;
    await fund(deps, 1_000_000n);
    await make(deps, { limits: { total: 55n } });
    // Another replica: nothing of the first one's memory.
    const other = { ...deps, ids: { next: deps.ids.next } };
    const command = { amountMicros: 10n, expiresAt: NOW + HOUR_MS, purpose: { kind: 'job', id: 'job_1', epoch: 1 } };
    const results = await Promise.all(
      Array.from({ length: 40 }, (_, caller) => {
        const tenant = { ...aTenantPath(), principalId: `key_${caller}` };
        const ask = () =>
          placeHolds(caller % 2 === 0 ? deps : other, [{ ...command, tenant, requestId: `r${caller}` }]);
        return untilAnswered(ask);
      }),
    );
    expect(results.filter(([result]) => result?.outcome.kind === 'held')).toHaveLength(5);
  });

  it('costs an account without budgets no statement', async () => {
    await using billing = await billingOnPostgres();
    const { deps } = billing;
    await fund(deps, 1_000n);
    let asked = 0;
    const counting: typeof deps = {
      ...deps,
      transact: (work) =>
        deps.transact((stores) => {
          const open: typeof stores.budgets.open = (...args) => {
            asked += 1;
            return stores.budgets.open(...args);
          };
          return work({ ...stores, budgets: { ...stores.budgets, open } });
        }),
    };
    const command = {
      tenant: aTenantPath(),
      amountMicros: 10n,
      expiresAt: NOW + HOUR_MS,
      purpose: { kind: 'job', id: 'job_1', epoch: 1 },
    };
    await placeHolds(counting, [{ ...command, requestId: 'r1' }]);
    expect(asked).toBe(0);
    await make(deps);
    await placeHolds(counting, [{ ...command, requestId: 'r2' }]);
    expect(asked).toBe(1);
  });
});
