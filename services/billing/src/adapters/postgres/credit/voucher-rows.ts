import type { Applicability } from '../../../domain/lot/lot.ts';
import type { VoucherBatch } from '../../../domain/voucher/voucher.ts';
import type { voucherBatches } from '../schema/index.ts';

export function toVoucherBatch(row: typeof voucherBatches.$inferSelect): VoucherBatch {
  const { redeemFrom, redeemUntil, creditValidDays, applicability, createdAt, withdrawnAt, ...rest } = row;
  return {
    ...rest,
    // Only this service writes the column.
    applicability: applicability as Applicability,
    redeemFrom: redeemFrom.getTime(),
    ...(redeemUntil !== null && { redeemUntil: redeemUntil.getTime() }),
    ...(creditValidDays !== null && { creditValidDays }),
    createdAt: createdAt.getTime(),
    ...(withdrawnAt !== null && { withdrawnAt: withdrawnAt.getTime() }),
  };
}

export function fromVoucherBatch(batch: VoucherBatch): typeof voucherBatches.$inferInsert {
  const { redeemFrom, redeemUntil, creditValidDays, createdAt, withdrawnAt, ...rest } = batch;
  return {
    ...rest,
    redeemFrom: new Date(redeemFrom),
    redeemUntil: redeemUntil === undefined ? null : new Date(redeemUntil),
    creditValidDays: creditValidDays ?? null,
    createdAt: new Date(createdAt),
    withdrawnAt: withdrawnAt === undefined ? null : new Date(withdrawnAt),
  };
}
