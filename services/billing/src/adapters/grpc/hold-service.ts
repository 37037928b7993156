import { internalHandler, refuse, unary } from '@suanli/grpc-kit';
import {
  type CloseHold,
  type ExtendHold,
  type HoldServiceServer,
  HoldServiceService,
  type PlaceHold,
} from '@suanli/proto/suanli/billing/internal/v1/ledger.ts';
import type { HoldResult } from '../../app/holds/apply-hold-commands.ts';
import type { CloseHoldCommand } from '../../app/holds/close-holds.ts';
import type { ExtendHoldCommand } from '../../app/holds/extend-holds.ts';
import type { PlaceHoldCommand } from '../../app/holds/place-holds.ts';
import type { CommitGroups } from '../../app/commit-groups.ts';
import type { BillingDeps } from '../../app/ports.ts';
import type { BillingMetrics } from '../billing-metrics.ts';
import { holdNotFound } from './refusals.ts';
import { requireBatch, requireField, requireRequestId, requireTenant, requireTime } from './require.ts';
import { holdMessage, holdResultMessage } from './to-proto.ts';

/** Commands of one call: short locks, and answers well below the size of a message. */
const MAX_COMMANDS = 200;

/** Opens, extends and closes holds for services that run work. Never a charge: only a usage event makes one. */
export function holdService(deps: BillingDeps, groups: CommitGroups, metrics: BillingMetrics) {
  const access = internalHandler({ callers: ['scheduler', 'gateway'] });
  const answered = (verb: string, results: HoldResult[]) => {
    for (const { outcome } of results) metrics.holdCommand(verb, outcome);
    return { results: results.map(holdResultMessage) };
  };
  const implementation: HoldServiceServer = {
    placeHolds: unary(access, async (_ctx, { commands }) =>
      answered('place', await groups.place.submit(requireBatch(commands, MAX_COMMANDS).map(readPlace))),
    ),
    extendHolds: unary(access, async (_ctx, { commands }) =>
      answered('extend', await groups.extend.submit(requireBatch(commands, MAX_COMMANDS).map(readExtend))),
    ),
    closeHolds: unary(access, async (_ctx, { commands }) =>
      answered('close', await groups.close.submit(requireBatch(commands, MAX_COMMANDS).map(readClose))),
    ),
    getHold: unary(access, async (_ctx, { holdId }) => {
      const hold = await deps.reads.hold(holdId);
      return hold === undefined ? refuse(holdNotFound) : { hold: holdMessage(hold) };
    }),
  };
  return { definition: HoldServiceService, implementation };
}

function readPlace(message: PlaceHold): PlaceHoldCommand {
  const purpose = requireField('purpose', message.purpose);
  return {
    requestId: message.dryRun ? message.requestId : requireRequestId(message.requestId),
    tenant: requireTenant(message.tenant),
    amountMicros: message.amountMicros,
    expiresAt: requireTime('expires_at', message.expiresAt),
    purpose: { kind: requireField('purpose.kind', purpose.kind), id: purpose.id, epoch: purpose.epoch },
    ...(message.scope !== undefined && { scope: { ...message.scope, product: message.scope.product || purpose.kind } }),
    ...(message.dryRun && { isDryRun: true }),
  };
}

function readExtend(message: ExtendHold): ExtendHoldCommand {
  return {
    requestId: requireRequestId(message.requestId),
    holdId: message.holdId,
    amountMicros: message.amountMicros,
    expiresAt: requireTime('expires_at', message.expiresAt),
  };
}

function readClose({ requestId, holdId, finalUsageId }: CloseHold): CloseHoldCommand {
  return { requestId: requireRequestId(requestId), holdId, ...(finalUsageId !== '' && { finalUsageId }) };
}
