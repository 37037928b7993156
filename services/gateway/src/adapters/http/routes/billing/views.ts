import type { BillLine, Hold, LedgerEntry, Price, Wallet } from '@suanli/proto/suanli/billing/v1/wallet.ts';
import type { PriceModel } from '@suanli/proto/suanli/billing/v1/price_model.ts';
import { z } from 'zod';
import { currency, instant, int64, micros, timeOf } from '../../schemas.ts';

export const walletView = z.object({
  id: z.string(),
  account_id: z.string(),
  currency,
  posted_micros: micros,
  pending_micros: micros,
  available_micros: micros,
  cash_micros: micros,
  cash_reserved_micros: micros,
  credit_micros: micros,
  credit_reserved_micros: micros,
  overdraft_micros: micros,
  status: z.string(),
  created_at: instant.optional(),
});
export const toWalletView = (wallet: Wallet): z.infer<typeof walletView> => ({
  id: wallet.walletId,
  account_id: wallet.accountId,
  currency: wallet.currency,
  posted_micros: String(wallet.postedMicros),
  pending_micros: String(wallet.pendingMicros),
  available_micros: String(wallet.availableMicros),
  cash_micros: String(wallet.cashMicros),
  cash_reserved_micros: String(wallet.cashReservedMicros),
  credit_micros: String(wallet.creditMicros),
  credit_reserved_micros: String(wallet.creditReservedMicros),
  overdraft_micros: String(wallet.overdraftMicros),
  status: wallet.status,
  created_at: timeOf(wallet.createdAt),
});

export const ledgerEntryView = z.object({
  id: z.string(),
  transfer_id: z.string(),
  kind: z.string(),
  amount_micros: micros,
  balance_after_micros: micros,
  currency,
  reference: z.string(),
  created_at: instant.optional(),
});
export const toLedgerEntryView = (entry: LedgerEntry, code: string): z.infer<typeof ledgerEntryView> => ({
  id: entry.entryId,
  transfer_id: entry.transferId,
  kind: entry.kind,
  amount_micros: String(entry.amountMicros),
  balance_after_micros: String(entry.balanceAfterMicros),
  currency: code,
  reference: entry.reference,
  created_at: timeOf(entry.createdAt),
});

export const holdView = z.object({
  id: z.string(),
  status: z.string(),
  amount_micros: micros,
  captured_micros: micros,
  released_micros: micros,
  currency,
  purpose: z.object({ kind: z.string(), id: z.string() }),
  expires_at: instant.optional(),
  created_at: instant.optional(),
});
export const toHoldView = (hold: Hold, code: string): z.infer<typeof holdView> => ({
  id: hold.holdId,
  status: hold.status,
  amount_micros: String(hold.amountMicros),
  captured_micros: String(hold.capturedMicros),
  released_micros: String(hold.releasedMicros),
  currency: code,
  purpose: { kind: hold.purposeKind, id: hold.purposeId },
  expires_at: timeOf(hold.expiresAt),
  created_at: timeOf(hold.createdAt),
});

export const billLineView = z.object({
  id: z.string(),
  workspace_id: z.string(),
  resource: z.object({ kind: z.string(), id: z.string() }),
  meter: z.string(),
  region: z.string(),
  item: z.string(),
  quantity: int64,
  amount_micros: micros,
  currency,
  price: z.object({ id: z.string(), version: z.number(), amount_micros: micros, per_quantity: int64 }),
  discount: z.object({ id: z.string(), basis_points: z.number() }).optional(),
  period: z
    .string()
    .optional()
    .meta({ description: 'Under a price of the whole month: the month', example: '2026-02' }),
  usage_ids: z.array(z.string()),
  hold_id: z.string(),
  usage_from: instant.optional(),
  usage_to: instant.optional(),
  updated_at: instant.optional(),
});
export const toBillLineView = (line: BillLine): z.infer<typeof billLineView> => ({
  id: line.billLineId,
  workspace_id: line.tenant?.workspaceId ?? '',
  resource: { kind: line.resourceKind, id: line.resourceId },
  meter: line.meter,
  region: line.region,
  item: line.item,
  quantity: String(line.quantity),
  amount_micros: String(line.amountMicros),
  currency: line.currency,
  price: {
    id: line.priceId,
    version: line.priceVersion,
    amount_micros: String(line.priceAmountMicros),
    per_quantity: String(line.pricePerQuantity),
  },
  ...(line.discountId !== '' && { discount: { id: line.discountId, basis_points: line.discountBasisPoints } }),
  ...(line.period !== '' && { period: line.period }),
  usage_ids: line.usageIds,
  hold_id: line.holdId,
  usage_from: timeOf(line.usageFrom),
  usage_to: timeOf(line.usageTo),
  updated_at: timeOf(line.updatedAt),
});

const modelView = z.object({
  kind: z.string(),
  tiers: z.array(z.object({ up_to: int64.optional(), amount_micros: micros, flat_micros: micros })).optional(),
});
const toModelView = (model: PriceModel | undefined): z.infer<typeof modelView> => ({
  kind: model?.kind ?? 'unit',
  ...(model !== undefined &&
    model.tiers.length > 0 && {
      tiers: model.tiers.map(({ upTo, amountMicros, flatMicros }) => ({
        ...(upTo !== undefined && { up_to: String(upTo) }),
        amount_micros: String(amountMicros),
        flat_micros: String(flatMicros),
      })),
    }),
});

export const priceView = z.object({
  id: z.string(),
  version: z.number(),
  meter: z.string(),
  region: z.string(),
  item: z.string(),
  amount_micros: micros,
  per_quantity: int64,
  currency,
  effective_from: instant.optional(),
  display: z.string(),
  account_id: z.string().optional().meta({ description: 'Whose price it is; absent: everyone’s' }),
  model: modelView,
});
export const toPriceView = (price: Price): z.infer<typeof priceView> => ({
  id: price.priceId,
  version: price.version,
  meter: price.meter,
  region: price.region,
  item: price.item,
  amount_micros: String(price.amountMicros),
  per_quantity: String(price.perQuantity),
  currency: price.currency,
  effective_from: timeOf(price.effectiveFrom),
  display: price.display,
  ...(price.accountId !== '' && { account_id: price.accountId }),
  model: toModelView(price.model),
});
