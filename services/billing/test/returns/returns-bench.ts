import { onTimeUnusable } from '../../src/app/reactions/on-workload-changed.ts';
import { onUsageRecorded } from '../../src/app/reactions/on-usage-recorded.ts';
import { onWorkloadFenced } from '../../src/app/reactions/on-workload-fenced.ts';
import { refundMoneyToWallet } from '../../src/app/refunds/refund-to-wallet.ts';
import { aUsage, NOW } from '../../src/testing/builders.ts';
import type { Usage } from '../../src/domain/rating/usage.ts';
import type { BillingUnderTest } from '../under-test.ts';
import { tenant, wallet } from '../rating/bench.ts';
import type { ModelFact, Span } from './returns-model.ts';

const { accountId } = tenant;
export const jobId = (job: number) => `job_${job}`;

/** Seven micros for each millisecond and each three units of it. */
export function usageOf({ id, job, span, perMs }: ModelFact, correctsUsageId?: string): Usage {
  return aUsage({
    usageId: id,
    source: { kind: 'job', id: jobId(job), epoch: 1 },
    readings: [{ meter: 'gpu_time', quantity: (BigInt(span.to - span.from) * BigInt(perMs) * 3n) / 7n }],
    from: NOW + span.from,
    to: NOW + span.to,
    ...(correctsUsageId !== undefined && { correctsUsageId }),
  });
}

/** What gives money and takes it back, in one word each. */
export function returnsBench(billing: BillingUnderTest) {
  const { deps } = billing;
  let requests = 0;
  const lineOf = async (job: number) =>
    (await deps.reads.billLines(tenant, { limit: 50 }, '')).rows.find((line) => line.sourceId === jobId(job));
  return {
    lineOf,
    record: (usage: Usage) => deps.transact((stores) => onUsageRecorded(deps, stores, usage)),
    fence: (job: number, at: number) =>
      deps.transact((stores) =>
        onWorkloadFenced(deps, stores, {
          ...{ sourceKind: 'job', sourceId: jobId(job), epoch: 1, accountId },
          fencedAt: NOW + at,
        }),
      ),
    unusable: (job: number, { from, to }: Span) =>
      deps.transact((stores) =>
        onTimeUnusable(deps, stores, {
          ...{ source: { kind: 'job', id: jobId(job), epoch: 1 }, accountId, reason: 'lost' as const },
          ...{ from: NOW + from, to: NOW + to },
        }),
      ),
    /** True when it was given. */
    async refund(job: number, amountMicros: bigint): Promise<boolean> {
      const line = await lineOf(job);
      if (line === undefined) return false;
      requests += 1;
      const target = { kind: 'bill_line' as const, id: line.id };
      const command = { requestId: `refund ${requests}`, accountId, target, amountMicros, reason: 'asked for' };
      return (await refundMoneyToWallet(deps, command)).kind === 'refunded';
    },
    posted: async () => (await wallet(deps, tenant)).postedMicros,
    cash: async () => {
      const { postedMicros, lotRemainingMicros } = await wallet(deps, tenant);
      return postedMicros - lotRemainingMicros;
    },
    /** What the customer paid of each line, and what came back of it. */
    async flows(): Promise<{ taken: bigint; returned: bigint }[]> {
      const { rows } = await deps.reads.billLines(tenant, { limit: 50 }, '');
      const flows = [];
      for (const line of rows) {
        const transfers = (await deps.reads.evidence(tenant, line.id))?.transfers ?? [];
        const sum = (isBack: boolean) =>
          transfers
            .filter(({ code }) => code !== 'write_off')
            .filter(({ fromAccountId }) => (fromAccountId === 'platform:revenue') === isBack)
            .reduce((total, one) => total + one.amountMicros, 0n);
        flows.push({ taken: sum(false), returned: sum(true) });
      }
      return flows;
    },
  };
}
