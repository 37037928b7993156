import type { Credit, CreditReason } from '../../../domain/refund/credit.ts';
import type { Refund } from '../../../domain/refund/refund.ts';
import { fromTenant, toTenant } from '../rows.ts';
import type { credits, refunds } from '../schema/index.ts';

export function toRefund(row: typeof refunds.$inferSelect): Refund {
  const { id, kind, state, targetKind, targetId, amountMicros, currency, reason, channel, serialNumber, decidedBy } =
    row;
  return {
    ...{ id, kind, state, amountMicros, currency, reason, channel, serialNumber, decidedBy },
    tenant: toTenant(row),
    target: { kind: targetKind, id: targetId },
    ...(row.holdId !== null && { holdId: row.holdId }),
    createdAt: row.createdAt.getTime(),
    updatedAt: row.updatedAt.getTime(),
  };
}

export function fromRefund({ tenant, target, ...refund }: Refund): typeof refunds.$inferInsert {
  return {
    ...refund,
    ...fromTenant(tenant),
    targetKind: target.kind,
    targetId: target.id,
    holdId: refund.holdId ?? null,
    createdAt: new Date(refund.createdAt),
    updatedAt: new Date(refund.updatedAt),
  };
}

export function toCredit(row: typeof credits.$inferSelect): Credit {
  const { id, billLineId, amountMicros, currency } = row;
  return {
    ...{ id, billLineId, amountMicros, currency },
    tenant: toTenant(row),
    source: { kind: row.sourceKind, id: row.sourceId, epoch: row.epoch },
    reason: row.reason as CreditReason,
    unusableFrom: row.unusableFrom.getTime(),
    unusableTo: row.unusableTo.getTime(),
    createdAt: row.createdAt.getTime(),
  };
}

export function fromCredit({ tenant, source, ...credit }: Credit): typeof credits.$inferInsert {
  return {
    ...credit,
    ...fromTenant(tenant),
    sourceKind: source.kind,
    sourceId: source.id,
    epoch: source.epoch,
    unusableFrom: new Date(credit.unusableFrom),
    unusableTo: new Date(credit.unusableTo),
    createdAt: new Date(credit.createdAt),
  };
}
