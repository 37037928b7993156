import fc from 'fast-check';
import { systemContext, type TenantPath } from '@suanli/kernel';
import type { BillingDeps } from '../../src/app/ports.ts';
import { type NewPrice } from '../../src/app/prices/publish-prices.ts';
import { rateUsages } from '../../src/app/rating/rate-usages.ts';
import { onWorkloadFenced } from '../../src/app/reactions/on-workload-fenced.ts';
import { getWallet } from '../../src/app/wallet/get-wallet.ts';
import { recharge } from '../../src/app/wallet/recharge.ts';
import type { Usage } from '../../src/domain/rating/usage.ts';
import { aTenantPath, aUsage, NOW } from '../../src/testing/builders.ts';
import type { BillingUnderTest } from '../under-test.ts';

/** Billing under test with money in the wallet of one tenant, and short words for what rating suites do with it. */
export function ratingBench(make: () => Promise<BillingUnderTest>) {
  const funded = async (): Promise<BillingUnderTest> => {
    const billing = await make();
    await pay(billing.deps, tenant, START);
    return billing;
  };
  const rate = ({ deps }: { deps: BillingDeps }, usages: Usage[]) =>
    deps.transact((stores) => rateUsages(deps, stores, usages));
  const spent = async ({ deps }: BillingUnderTest) => START - (await wallet(deps, tenant)).postedMicros;
  const lines = async ({ deps }: BillingUnderTest) => (await deps.reads.billLines(tenant, { limit: 50 }, '')).rows;
  const fence = ({ deps }: BillingUnderTest, fencedAt: number, epoch = 1) =>
    deps.transact((stores) =>
      onWorkloadFenced(deps, stores, { sourceKind: 'job', sourceId: 'job_1', epoch, fencedAt, accountId: 'acc_1' }),
    );
  return { make, funded, rate, spent, lines, fence };
}

export const tenant = aTenantPath();
export const START = 1_000_000_000n;

/** Three units a millisecond, as a timed meter counts. */
export function window(usageId: string, fromMs: number, toMs: number, perMs = 3n): Usage {
  const readings = [{ meter: 'gpu_time', quantity: BigInt(toMs - fromMs) * perMs }];
  return aUsage({ usageId, from: NOW + fromMs, to: NOW + toMs, readings });
}

export const cutsOf = (lengthMs: number) =>
  fc
    .uniqueArray(fc.integer({ min: 1, max: lengthMs - 1 }), { maxLength: 12 })
    .map((cuts) => [0, ...cuts.toSorted((a, b) => a - b), lengthMs]);

export function sliced(cuts: readonly number[], perMs: bigint): Usage[] {
  return cuts.slice(1).map((to, i) => window(`use_${i}`, cuts[i] ?? 0, to, perMs));
}

export function tokens(amountMicros: bigint): NewPrice {
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

export function graduated(total: bigint): bigint {
  const first = total < 10n ? total : 10n;
  const second = total <= 10n ? 0n : total < 40n ? total - 10n : 30n;
  const third = total <= 40n ? 0n : total - 40n;
  return (total > 0n ? 7n : 0n) + first * 100n + second * 60n + third * 10n;
}

export function volume(total: bigint): bigint {
  if (total === 0n) return 0n;
  return total <= 10n ? total * 100n + 7n : total <= 40n ? total * 60n : total * 10n;
}

export function wallet(deps: BillingDeps, tenant: TenantPath) {
  return getWallet(deps, systemContext(tenant, 'test', new AbortController().signal));
}

export function pay(deps: BillingDeps, tenant: TenantPath, amountMicros: bigint) {
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
export function seeded(name: string, numRuns: number): { seed: number; numRuns: number } {
  const seed = Number(process.env.RATING_SEED ?? 20_260_101);
  process.stdout.write(`rating ${name}: seed ${seed}, ${numRuns} runs\n`);
  return { seed, numRuns };
}
