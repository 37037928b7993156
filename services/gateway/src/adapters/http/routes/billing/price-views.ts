import type { Commitment, Discount, NewPrice, Quote } from '@suanli/proto/suanli/billing/v1/price.ts';
import type { ParkedUsage } from '@suanli/proto/suanli/billing/internal/v1/ledger.ts';
import { z } from 'zod';
import { currency, idOrName, instant, instantIn, int64, micros, sizeIn, timeOf } from '../../schemas.ts';
import { priceView, toPriceView } from './views.ts';

/** Prices as an operator writes them, and everything around them as it is shown. */

const MAX_TIERS = 20;
const amountIn = z
  .string()
  .regex(/^[0-9]{1,18}$/, 'is not a whole number of micro-yuan')
  .transform((text) => BigInt(text))
  .meta({ description: 'Micro-yuan: 1 CNY = 1000000', example: '12800000' });
const meterIn = z.string().min(1).max(100);
const monthIn = z.string().regex(/^[0-9]{4}-[0-9]{2}$/, 'is not a month, 2026-02');

const tierIn = z.strictObject({ up_to: sizeIn.optional(), amount_micros: amountIn, flat_micros: amountIn.optional() });

export const newPriceIn = z.strictObject({
  meter: meterIn.meta({ example: 'gpu_time' }),
  region: z.string().max(100).default('').meta({ description: 'Empty: every region' }),
  item: z.string().min(1).max(200).default('*').meta({ description: 'SKU or model; `*`: every one without its own' }),
  account_id: idOrName.optional().meta({ description: 'Absent: everyone' }),
  model: z.enum(['unit', 'graduated', 'volume', 'package', 'flat', 'withdrawn']).default('unit'),
  tiers: z.array(tierIn).max(MAX_TIERS).default([]),
  amount_micros: amountIn.optional().meta({ description: 'For per_quantity base units; of tiers: that of the first' }),
  per_quantity: sizeIn.prefault(1),
  display: z.string().max(200).default('').meta({ example: '¥12.80 per GPU-hour' }),
  effective_from: instantIn.optional().meta({ description: 'Absent: now', format: 'date-time' }),
  backdated: z.boolean().default(false).meta({ description: 'It may start before usage that was rated already' }),
});

export function toNewPrice(price: z.output<typeof newPriceIn>): NewPrice {
  const { meter, region, item, account_id: accountId = '', display, backdated, effective_from: from } = price;
  const tiers = price.tiers.map(({ up_to: upTo, amount_micros: amountMicros, flat_micros: flatMicros = 0n }) => ({
    ...(upTo !== undefined && { upTo }),
    ...{ amountMicros, flatMicros },
  }));
  return {
    ...{ meter, region, item, accountId, display, backdated },
    model: { kind: price.model, tiers },
    amountMicros: price.amount_micros ?? tiers[0]?.amountMicros ?? 0n,
    perQuantity: price.per_quantity,
    effectiveFrom: from === undefined ? undefined : new Date(from),
  };
}

export const discountIn = z.strictObject({
  account_id: idOrName,
  meter: meterIn.default('*'),
  region: z.string().max(100).default(''),
  item: z.string().min(1).max(200).default('*'),
  basis_points: z.int().min(0).max(10_000).meta({ description: 'Hundredths of a percent; 0 ends an earlier discount' }),
  effective_from: instantIn.optional().meta({ description: 'Absent: now', format: 'date-time' }),
});
export const discountView = z.object({
  id: z.string(),
  account_id: z.string(),
  meter: z.string(),
  region: z.string(),
  item: z.string(),
  basis_points: z.number(),
  effective_from: instant.optional(),
  created_at: instant.optional(),
});
export const toDiscountView = (discount: Discount): z.infer<typeof discountView> => ({
  id: discount.discountId,
  account_id: discount.accountId,
  meter: discount.meter,
  region: discount.region,
  item: discount.item,
  basis_points: discount.basisPoints,
  effective_from: timeOf(discount.effectiveFrom),
  created_at: timeOf(discount.createdAt),
});

export const commitmentIn = z.strictObject({
  account_id: idOrName,
  monthly_micros: amountIn,
  from_month: monthIn,
  until_month: monthIn.optional(),
});
export const commitmentView = z.object({
  id: z.string(),
  account_id: z.string(),
  monthly_micros: micros,
  from_month: z.string(),
  until_month: z.string().optional(),
  created_at: instant.optional(),
});
export const toCommitmentView = (commitment: Commitment): z.infer<typeof commitmentView> => ({
  id: commitment.commitmentId,
  account_id: commitment.accountId,
  monthly_micros: String(commitment.monthlyMicros),
  from_month: commitment.fromMonth,
  ...(commitment.untilMonth !== '' && { until_month: commitment.untilMonth }),
  created_at: timeOf(commitment.createdAt),
});

export const quotedView = z.object({
  id: z.string(),
  lines: z.array(
    z.object({
      meter: z.string(),
      region: z.string(),
      item: z.string(),
      quantity: int64,
      price: priceView.optional(),
      discount_id: z.string().optional(),
      discount_basis_points: z.number(),
      amount_micros: micros,
      expected_micros: micros,
    }),
  ),
  hold_micros: micros,
  expected_micros: micros,
  currency,
  valid_until: instant.optional(),
  created_at: instant.optional(),
});
export const toQuotedView = (quote: Quote): z.infer<typeof quotedView> => ({
  id: quote.quoteId,
  lines: quote.lines.map((line) => ({
    meter: line.meter,
    region: line.region,
    item: line.item,
    quantity: String(line.quantity),
    ...(line.price !== undefined && { price: toPriceView(line.price) }),
    ...(line.discountId !== '' && { discount_id: line.discountId }),
    discount_basis_points: line.discountBasisPoints,
    amount_micros: String(line.amountMicros),
    expected_micros: String(line.expectedMicros),
  })),
  hold_micros: String(quote.holdMicros),
  expected_micros: String(quote.expectedMicros),
  currency: quote.currency,
  valid_until: timeOf(quote.validUntil),
  created_at: timeOf(quote.createdAt),
});

export const parkedView = z.object({
  usage_id: z.string(),
  account_id: z.string(),
  source: z.object({ kind: z.string(), id: z.string() }),
  reason: z.string(),
  waits_for: z.string().optional(),
  attempts: z.number(),
  parked_at: instant.optional(),
});
export const toParkedView = (usage: ParkedUsage): z.infer<typeof parkedView> => ({
  usage_id: usage.usageId,
  account_id: usage.accountId,
  source: { kind: usage.sourceKind, id: usage.sourceId },
  reason: usage.reason,
  ...(usage.waitsFor !== '' && { waits_for: usage.waitsFor }),
  attempts: usage.attempts,
  parked_at: timeOf(usage.parkedAt),
});
