import type { GrpcClient } from '@suanli/grpc-kit';
import type { HoldResult as ProtoResult, HoldServiceService } from '@suanli/proto/suanli/billing/internal/v1/ledger.ts';
import type { Billing, HoldResult } from '../../../app/ports.ts';
import { toProtoTenant } from '../job-mapping.ts';

/** Holds over gRPC. Every command is idempotent by its request id, so a failed connection may simply be used again. */
export function billingClient(holds: GrpcClient<HoldServiceService>): Billing {
  const retrying = { retryUnavailable: { attempts: 2 } };
  return {
    async placeHolds(commands, options) {
      const dryRun = options?.isDryRun ?? false;
      const { results } = await holds.placeHolds(
        {
          commands: commands.map(({ requestId, tenant, amountMicros, expiresAt, workloadId, epoch, sku, region }) => ({
            ...{ requestId, amountMicros, dryRun },
            tenant: toProtoTenant(tenant),
            expiresAt: new Date(expiresAt),
            purpose: { kind: 'job', id: workloadId, epoch },
            scope: { product: 'job', item: sku, region },
          })),
        },
        retrying,
      );
      return results.map(fromResult);
    },
    async extendHolds(commands) {
      const { results } = await holds.extendHolds(
        { commands: commands.map((command) => ({ ...command, expiresAt: new Date(command.expiresAt) })) },
        retrying,
      );
      return results.map(fromResult);
    },
    async closeHolds(commands) {
      const { results } = await holds.closeHolds({ commands: [...commands] }, retrying);
      return results.map(fromResult);
    },
  };
}

function fromResult({ outcome }: ProtoResult): HoldResult {
  if (outcome?.$case === 'hold') return { kind: 'held', holdId: outcome.value.holdId };
  if (outcome === undefined) return { kind: 'refused', reason: 'no_answer', missingMicros: 0n };
  const { reason, missingMicros, budget } = outcome.value;
  const resetsAt = budget?.resetsAt?.getTime();
  const shortfall = budget && { budgetId: budget.budgetId, window: budget.window };
  return {
    kind: 'refused',
    reason,
    missingMicros,
    ...(shortfall && { budget: { ...shortfall, ...(resetsAt !== undefined && { resetsAt }) } }),
  };
}
