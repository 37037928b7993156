import { grpcError, internalHandler, invalidArgument, unary } from '@suanli/grpc-kit';
import { UsageServiceService, type UsageServiceServer } from '@suanli/proto/suanli/billing/internal/v1/ledger.ts';
import type { BillingDeps } from '../../app/ports.ts';
import type { ParkedFilter } from '../../app/rating/read-ports.ts';
import { PARK_REASONS } from '../../domain/rating/usage.ts';
import { MAX_REPLAY, replayParkedUsage } from '../../app/rating/replay-parked-usage.ts';
import type { BillingMetrics } from '../billing-metrics.ts';
import { pageInfo, readPage } from './page.ts';
import { requireBatch } from './require.ts';

/** For operators: usage that could not be rated, and another try once its cause is gone. */
export function usageService(deps: BillingDeps, metrics: BillingMetrics) {
  const access = internalHandler({ callers: ['gateway'] });
  const implementation: UsageServiceServer = {
    listParkedUsage: unary(access, async (_ctx, request) => {
      const page = await deps.reads.parkedUsage(requireKnownReason(request), readPage('parked', request.page));
      const usages = page.rows.map(({ usage, parkedAt, ...parked }) => ({
        ...parked,
        sourceKind: usage.source.kind,
        sourceId: usage.source.id,
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

function requireKnownReason({ reason, accountId, sourceId }: ParkedFilter): ParkedFilter {
  if (reason !== '' && !PARK_REASONS.some((known) => known === reason)) {
    throw grpcError(invalidArgument('REASON_UNKNOWN', 'usage is never parked for this reason', { reason }));
  }
  return { reason, accountId, sourceId };
}
