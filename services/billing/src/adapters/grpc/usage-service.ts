import { internalHandler, unary } from '@suanli/grpc-kit';
import { UsageServiceService, type UsageServiceServer } from '@suanli/proto/suanli/billing/internal/v1/ledger.ts';
import type { BillingDeps } from '../../app/ports.ts';
import { MAX_REPLAY, replayParkedUsage } from '../../app/rating/replay-parked-usage.ts';
import type { BillingMetrics } from '../billing-metrics.ts';
import { pageInfo, readPage } from './page.ts';
import { requireBatch } from './require.ts';

/** For operators: usage that could not be rated, and another try once its cause is gone. */
export function usageService(deps: BillingDeps, metrics: BillingMetrics) {
  const access = internalHandler({ callers: ['gateway'] });
  const implementation: UsageServiceServer = {
    listParkedUsage: unary(access, async (_ctx, request) => {
      const page = await deps.reads.parkedUsage({ reason: '', accountId: '', sourceId: '' }, readPage('parked', request.page));
      const usages = page.rows.map(({ usageId, accountId, reason, attempts, parkedAt }) => ({
        ...{ usageId, accountId, reason, attempts },
        parkedAt: new Date(parkedAt),
      }));
      return { usages, page: pageInfo('parked', page) };
    }),
    replayParkedUsage: unary(access, async (_ctx, { usageIds }) => {
      const outcomes = await replayParkedUsage(deps, requireBatch(usageIds, MAX_REPLAY));
      for (const outcome of outcomes) metrics.usage(outcome);
      return {
        ratedCount: outcomes.filter((outcome) => outcome.kind === 'rated').length,
        stillParked: outcomes.flatMap((one) =>
          one.kind === 'parked' ? [{ usageId: one.usageId, reason: one.reason }] : [],
        ),
      };
    }),
  };
  return { definition: UsageServiceService, implementation };
}
