import { CURRENCY, type Instant } from '@suanli/kernel';
import type { VoucherBatch as VoucherBatchMessage } from '@suanli/proto/suanli/billing/internal/v1/credit_admin.ts';
import type { CreditApplicability, CreditLot, CreditLotMovement } from '@suanli/proto/suanli/billing/v1/credits.ts';
import type { LotMovement } from '../../../app/lots/ports.ts';
import { type Applicability, type Lot, lotStatus } from '../../../domain/lot/lot.ts';
import type { VoucherBatch } from '../../../domain/voucher/voucher.ts';

const at = (instant: Instant) => new Date(instant);
const maybeAt = (instant: Instant | undefined) => (instant === undefined ? undefined : at(instant));

export function creditLotMessage(lot: Lot, now: Instant): CreditLot {
  const { id, accountId, kind, priority, effectiveAt, expiresAt, grantedMicros, remainingMicros, reservedMicros } = lot;
  return {
    lotId: id,
    accountId,
    kind,
    status: lotStatus(lot, now),
    priority,
    effectiveAt: at(effectiveAt),
    expiresAt: maybeAt(expiresAt),
    applicability: applicabilityMessage(lot.applicability),
    grantedMicros,
    remainingMicros,
    reservedMicros,
    expiredMicros: lot.brokenMicros,
    currency: CURRENCY,
    reason: lot.reason,
    reference: lot.reference,
    createdAt: at(lot.createdAt),
  };
}

export function movementMessage({ code, holdId = '', createdAt, ...movement }: LotMovement): CreditLotMovement {
  return { ...movement, kind: code, holdId, createdAt: at(createdAt) };
}

export function voucherBatchMessage(batch: VoucherBatch, redemptions: number): VoucherBatchMessage {
  const { id, redeemFrom, redeemUntil, creditValidDays = 0, applicability, createdAt, withdrawnAt, ...rest } = batch;
  return {
    ...rest,
    batchId: id,
    currency: CURRENCY,
    redeemFrom: at(redeemFrom),
    redeemUntil: maybeAt(redeemUntil),
    creditValidDays,
    applicability: applicabilityMessage(applicability),
    createdAt: at(createdAt),
    withdrawnAt: maybeAt(withdrawnAt),
    redemptions,
  };
}

function applicabilityMessage({ products, items, regions }: Applicability): CreditApplicability {
  return { products: [...products], items: [...items], regions: [...regions] };
}

/** No restriction when the message is absent. */
export function readApplicability(message: CreditApplicability | undefined): Applicability {
  const { products = [], items = [], regions = [] } = message ?? {};
  return { products, items, regions };
}
