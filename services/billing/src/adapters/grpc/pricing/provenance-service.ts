import { publicHandler, refuse, type TokenVerifier, unary } from '@suanli/grpc-kit';
import {
  type ChargeProvenance,
  type GetProvenanceResponse,
  ProvenanceServiceService,
  type ProvenanceServiceServer,
  type TransferProvenance,
  type UsageProvenance,
} from '@suanli/proto/suanli/billing/v1/price.ts';
import type { BillingDeps } from '../../../app/ports.ts';
import type { LineEvidence } from '../../../app/rating/read-ports.ts';
import type { Transfer } from '../../../domain/ledger/transfer.ts';
import { chargeSteps, lineSteps, replayLine } from '../../../domain/provenance/explain-line.ts';
import type { Charge } from '../../../domain/rating/charge.ts';
import type { Usage } from '../../../domain/rating/usage.ts';
import { billLineNotFound } from '../refusals.ts';
import { billLineMessage, holdMessage, priceMessage } from '../to-proto.ts';
import { discountMessage } from './messages.ts';

const TENANTS = ['owner', 'admin', 'developer', 'viewer'] as const;

/** Why a bill line is what it is, down to events, prices and transfers, and whether it can be recomputed. */
export function provenanceService(deps: BillingDeps, verifier: TokenVerifier) {
  const read = publicHandler(verifier, { scope: 'billing:read', roles: TENANTS });
  const implementation: ProvenanceServiceServer = {
    getProvenance: unary(read, async (ctx, { billLineId }) => {
      const evidence = await deps.reads.evidence(ctx.tenant, billLineId);
      return evidence === undefined ? refuse(billLineNotFound) : answerOf(evidence);
    }),
  };
  return { definition: ProvenanceServiceService, implementation };
}

function answerOf(evidence: LineEvidence): GetProvenanceResponse {
  const { line, price, discount, charges, usages, holds, transfers } = evidence;
  const replay = replayLine(evidence);
  const byId = new Map(usages.map((usage) => [usage.usageId, usage]));
  return {
    line: billLineMessage({ ...line, usageIds: usages.map((usage) => usage.usageId) }),
    price: priceMessage(price),
    discount: discount && discountMessage(discount),
    charges: charges.map((charge) => chargeMessage(charge, byId.get(charge.usageId), evidence)),
    usages: usages.map(usageMessage),
    holds: holds.map(holdMessage),
    transfers: transfers.map(transferMessage),
    steps: lineSteps(evidence),
    replay: { amountMicros: replay.amountMicros, equal: replay.isEqual, partial: replay.isPartial },
  };
}

function chargeMessage(charge: Charge, usage: Usage | undefined, evidence: LineEvidence): ChargeProvenance {
  const { id, usageId, day, quantity, baseQuantity, amountMicros, heldMicros, walletMicros, writtenOffMicros } = charge;
  return {
    chargeId: id,
    ...{ usageId, day, quantity, baseQuantity, amountMicros, heldMicros, walletMicros, writtenOffMicros },
    correctsUsageId: usage?.correctsUsageId ?? '',
    quoteId: usage?.quoteId ?? '',
    usageFrom: new Date(charge.usageFrom),
    usageTo: new Date(charge.usageTo),
    writeOffReason: charge.writeOffReason ?? '',
    steps: chargeSteps(charge, usage, evidence),
  };
}

function usageMessage({
  usageId,
  source,
  from,
  to,
  readings,
  holdId,
  quoteId,
  correctsUsageId,
}: Usage): UsageProvenance {
  return {
    usageId,
    sourceKind: source.kind,
    sourceId: source.id,
    epoch: source.epoch,
    usageFrom: new Date(from),
    usageTo: new Date(to),
    readings: readings.map(({ meter, quantity }) => ({ meter, quantity })),
    holdId: holdId ?? '',
    quoteId: quoteId ?? '',
    correctsUsageId: correctsUsageId ?? '',
  };
}

function transferMessage(transfer: Transfer): TransferProvenance {
  const { id, kind, code, fromAccountId, toAccountId, amountMicros, holdId = '', lotParts = [], createdAt } = transfer;
  return {
    transferId: id,
    ...{ kind, code, fromAccountId, toAccountId, amountMicros, holdId },
    createdAt: new Date(createdAt),
    lots: lotParts.map((part) => ({ ...part })),
  };
}
