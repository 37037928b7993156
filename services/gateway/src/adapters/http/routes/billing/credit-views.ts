import type { VoucherBatch } from '@suanli/proto/suanli/billing/internal/v1/credit_admin.ts';
import type { CreditApplicability, CreditLot, CreditLotMovement } from '@suanli/proto/suanli/billing/v1/credits.ts';
import { z } from 'zod';
import { currency, idOrName, instant, micros, timeOf } from '../../schemas.ts';

const MAX_APPLICABLE = 100;

/** What credit may pay for, as it comes in: a list that is left out or empty is no restriction. */
export const applicabilityIn = z
  .strictObject({
    products: z
      .array(idOrName)
      .max(MAX_APPLICABLE)
      .default([])
      .meta({ example: ['job', 'inference'] }),
    items: z.array(idOrName).max(MAX_APPLICABLE).default([]).meta({ description: 'SKUs and models' }),
    regions: z.array(idOrName).max(MAX_APPLICABLE).default([]),
  })
  .default({ products: [], items: [], regions: [] });
export const priorityIn = z.int().min(1).max(50).meta({ description: 'From 1, used first, to 50' });

const applicabilityView = z
  .object({ products: z.array(z.string()), items: z.array(z.string()), regions: z.array(z.string()) })
  .meta({ description: 'What it may pay for; an empty list is no restriction' });
const toApplicabilityView = (message: CreditApplicability | undefined): z.infer<typeof applicabilityView> => ({
  products: message?.products ?? [],
  items: message?.items ?? [],
  regions: message?.regions ?? [],
});

export const creditLotView = z.object({
  id: z.string(),
  account_id: z.string(),
  kind: z.string(),
  status: z.string(),
  priority: z.number(),
  effective_at: instant.optional(),
  expires_at: instant.optional(),
  applicability: applicabilityView,
  granted_micros: micros,
  remaining_micros: micros,
  reserved_micros: micros,
  expired_micros: micros,
  currency,
  reason: z.string(),
  reference: z.string(),
  created_at: instant.optional(),
});
export const toCreditLotView = (lot: CreditLot): z.infer<typeof creditLotView> => ({
  id: lot.lotId,
  account_id: lot.accountId,
  kind: lot.kind,
  status: lot.status,
  priority: lot.priority,
  effective_at: timeOf(lot.effectiveAt),
  expires_at: timeOf(lot.expiresAt),
  applicability: toApplicabilityView(lot.applicability),
  granted_micros: String(lot.grantedMicros),
  remaining_micros: String(lot.remainingMicros),
  reserved_micros: String(lot.reservedMicros),
  expired_micros: String(lot.expiredMicros),
  currency: lot.currency,
  reason: lot.reason,
  reference: lot.reference,
  created_at: timeOf(lot.createdAt),
});

export const movementView = z.object({
  transfer_id: z.string(),
  kind: z.string(),
  remaining_micros: micros.meta({ description: 'Added to, or taken from, what is left of it' }),
  reserved_micros: micros.meta({ description: 'Added to, or taken from, what holds have set aside of it' }),
  reference: z.string(),
  hold_id: z.string(),
  created_at: instant.optional(),
});
export const toMovementView = (movement: CreditLotMovement): z.infer<typeof movementView> => ({
  transfer_id: movement.transferId,
  kind: movement.kind,
  remaining_micros: String(movement.remainingMicros),
  reserved_micros: String(movement.reservedMicros),
  reference: movement.reference,
  hold_id: movement.holdId,
  created_at: timeOf(movement.createdAt),
});

export const creditLotDetailView = creditLotView.extend({
  movements: z.array(movementView).meta({ description: 'The newest 50; the rest under its own path' }),
});

export const voucherBatchView = z.object({
  id: z.string(),
  name: z.string(),
  amount_micros: micros,
  currency,
  code_count: z.number(),
  redemptions_per_code: z.number(),
  max_per_account: z.number(),
  redeem_from: instant.optional(),
  redeem_until: instant.optional(),
  credit_valid_days: z.number().meta({ description: '0: for ever' }),
  priority: z.number(),
  applicability: applicabilityView,
  reason: z.string(),
  created_by: z.string(),
  created_at: instant.optional(),
  withdrawn_at: instant.optional(),
  redemptions: z.number(),
});
export const toVoucherBatchView = (batch: VoucherBatch): z.infer<typeof voucherBatchView> => ({
  id: batch.batchId,
  name: batch.name,
  amount_micros: String(batch.amountMicros),
  currency: batch.currency,
  code_count: batch.codeCount,
  redemptions_per_code: batch.redemptionsPerCode,
  max_per_account: batch.maxPerAccount,
  redeem_from: timeOf(batch.redeemFrom),
  redeem_until: timeOf(batch.redeemUntil),
  credit_valid_days: batch.creditValidDays,
  priority: batch.priority,
  applicability: toApplicabilityView(batch.applicability),
  reason: batch.reason,
  created_by: batch.createdBy,
  created_at: timeOf(batch.createdAt),
  withdrawn_at: timeOf(batch.withdrawnAt),
  redemptions: batch.redemptions,
});
