import { systemContext } from '@suanli/kernel';
import { isUnavailable } from '@suanli/postgres';
import { describe, expect, it } from 'vitest';
import { closeHolds } from '../src/app/holds/close-holds.ts';
import { placeHolds } from '../src/app/holds/place-holds.ts';
import { rateUsages } from '../src/app/rating/rate-usages.ts';
import { getWallet } from '../src/app/wallet/get-wallet.ts';
import { recharge } from '../src/app/wallet/recharge.ts';
import { aTenantPath, aUsage, HOUR_MS, NOW } from '../src/testing/builders.ts';
import { billingOnPostgres } from './under-test.ts';

const CALLERS = 200;
const MAX_ATTEMPTS = 10;
const PATIENCE_MS = 120_000;
const purpose = { kind: 'job', id: 'job_1', epoch: 1 };
const pay = (deps: Parameters<typeof recharge>[0], accountId: string, amountMicros: bigint) => {
  const ctx = systemContext(aTenantPath(accountId), 'test', new AbortController().signal);
  return recharge(deps, ctx, {
    requestId: '1',
    channel: 'development',
    amountMicros,
    currency: 'CNY',
    serialNumber: '',
  });
};
/** All at once. On a busy machine a caller may find no free connection: it repeats the same request, as callers do. */
const everyone = <T>(what: (caller: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: CALLERS }, (_, caller) => untilAnswered(() => what(caller))));

async function untilAnswered<T>(ask: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      if (!isUnavailable(error) || attempt === MAX_ATTEMPTS) throw error;
    }
  }
}

describe('callers at once', { timeout: PATIENCE_MS }, () => {
  it.each([0, 1, 73, 199, 200])(
    'are admitted exactly %s of 200 times by a wallet that is good for as many',
    async (good) => {
      await using billing = await billingOnPostgres();
      const { deps } = billing;
      await pay(deps, 'acc_1', BigInt(good) * 10n + 9n);
      const command = { tenant: aTenantPath(), amountMicros: 10n, expiresAt: NOW + HOUR_MS, purpose };
      const results = await everyone((caller) => placeHolds(deps, [{ ...command, requestId: `r${caller}` }]));
      const kinds = results.map(([result]) => result?.outcome.kind);
      expect([kinds.filter((k) => k === 'held').length, kinds.filter((k) => k === 'refused').length]).toEqual([
        good,
        CALLERS - good,
      ]);
      await billing.audit();
    },
  );

  it('who repeat one request get one hold', async () => {
    await using billing = await billingOnPostgres();
    const { deps } = billing;
    await pay(deps, 'acc_1', 10_000n);
    const command = { requestId: 'same', tenant: aTenantPath(), amountMicros: 10n, expiresAt: NOW + HOUR_MS, purpose };
    const results = await everyone(() => placeHolds(deps, [command]));
    const ids = new Set(
      results.map(([result]) => (result?.outcome.kind === 'held' ? result.outcome.hold.id : 'refused')),
    );
    expect(ids.size).toBe(1);
    await billing.audit();
  });

  it('over the same wallets in any order never deadlock, and every hold closed twice is released once', async () => {
    await using billing = await billingOnPostgres();
    const { deps } = billing;
    const accounts = ['acc_1', 'acc_2', 'acc_3'];
    for (const account of accounts) await pay(deps, account, 1_000n);
    await everyone(async (caller) => {
      const order = [0, 1, 2].map((i) => accounts[(i * (caller % 2 === 0 ? 1 : 2) + caller) % 3] ?? '');
      const place = (account: string) => ({
        tenant: aTenantPath(account),
        amountMicros: 7n,
        expiresAt: NOW + HOUR_MS,
        purpose,
        requestId: `${caller}/${account}`,
      });
      const placed = await placeHolds(deps, order.map(place));
      const held = placed.flatMap(({ outcome }) => (outcome.kind === 'held' ? [outcome.hold.id] : []));
      const close = (again: string) =>
        closeHolds(
          deps,
          held.map((holdId) => ({ requestId: `${again}/${holdId}`, holdId })),
        );
      await Promise.all([close('once'), close('twice')]);
    });
    for (const account of accounts) {
      const ctx = systemContext(aTenantPath(account), 'test', new AbortController().signal);
      expect(await getWallet(deps, ctx)).toMatchObject({ postedMicros: 1_000n, pendingMicros: 0n });
    }
    await billing.audit();
  });

  it('who deliver the same usage charge it once', async () => {
    await using billing = await billingOnPostgres();
    const { deps } = billing;
    await pay(deps, 'acc_1', 10_000n);
    const outcomes = await everyone((caller) => {
      const usage = aUsage({ usageId: `use_${caller % 10}`, from: NOW + (caller % 10), to: NOW + 100 });
      return deps.transact((stores) => rateUsages(deps, stores, [usage]));
    });
    expect(outcomes.filter(([outcome]) => outcome?.kind === 'rated')).toHaveLength(10);
    expect(outcomes.filter(([outcome]) => outcome?.kind === 'duplicate')).toHaveLength(CALLERS - 10);
    const ctx = systemContext(aTenantPath(), 'test', new AbortController().signal);
    expect((await getWallet(deps, ctx)).postedMicros).toBe(10_000n - 70n);
    await billing.audit();
  });
});
