import { type Instant, MAX_MICROS, type Micros, type TenantPath } from '@suanli/kernel';
import { monthOf, type Month, type Zone } from '../calendar/calendar.ts';
import type { Price } from '../price/price.ts';
import { amountOf, isCumulative } from '../price/price-model.ts';
import { basisPointsOf, type Rate } from '../price/rate.ts';
import type { Usage } from './usage.ts';

/**
 * What one resource cost on one meter at one rate: a version of a price, and the discount on it. Under a unit price its
 * amount is floor(quantity × amount / per) of the whole quantity so far, so that slicing or reordering the usage never
 * changes it. Under a price of the whole month it is the resource's share of the account's total of that month.
 */
export type BillLine = {
  id: string;
  tenant: TenantPath;
  sourceKind: string;
  sourceId: string;
  meter: string;
  region: string;
  item: string;
  quantity: bigint;
  amountMicros: Micros;
  /** The part of the amount that the platform bore. */
  writtenOffMicros: Micros;
  /** What refunds gave back, less what corrections took away since. Of a line that shares a total it may be below zero. */
  refundedMicros: Micros;
  /** The same of credits for unusable time. */
  creditedMicros: Micros;
  currency: string;
  priceId: string;
  priceVersion: number;
  /** Of a tiered price: that of its first tier. */
  priceAmountMicros: Micros;
  pricePerQuantity: bigint;
  /** Empty when there is no discount. */
  discountId: string;
  discountBasisPoints: number;
  /** The month whose total counts, under a price of the whole month; empty under a unit price. */
  period: Month;
  /** The hold that paid last; empty when the wallet paid directly. */
  holdId: string;
  usageFrom: Instant;
  usageTo: Instant;
  /** Grows with each charge. */
  version: bigint;
  createdAt: Instant;
  updatedAt: Instant;
};

/** What an account used in one month at one rate that looks at the whole month. The lines of its resources share it. */
export type PeriodTotal = {
  accountId: string;
  priceId: string;
  discountId: string;
  period: Month;
  quantity: bigint;
  amountMicros: Micros;
  writtenOffMicros: Micros;
  /** Those of its lines together. */
  refundedMicros: Micros;
  creditedMicros: Micros;
  /** Grows with each charge. */
  version: bigint;
};

/** What an amount cost until now, and what of it is not the customer's money, or no more. */
export type Borne = Pick<PeriodTotal, 'amountMicros' | 'writtenOffMicros' | 'refundedMicros' | 'creditedMicros'>;

/** What the customer has paid of it and has not got back: no more than that can ever go back. */
export function paidMicros({ amountMicros, writtenOffMicros, refundedMicros, creditedMicros }: Borne): Micros {
  return amountMicros - writtenOffMicros - refundedMicros - creditedMicros;
}

type LineIdentity = Pick<
  BillLine,
  'tenant' | 'sourceKind' | 'sourceId' | 'meter' | 'region' | 'item' | 'priceId' | 'discountId' | 'period'
>;

export function lineKeyOf(line: LineIdentity): string {
  const { tenant, sourceKind, sourceId, meter, region, item, priceId, discountId, period } = line;
  const { accountId, subAccountId = '', workspaceId } = tenant;
  const resource = [accountId, subAccountId, workspaceId, sourceKind, sourceId];
  return JSON.stringify([...resource, meter, region, item, priceId, discountId, period]);
}

export function totalKeyOf(total: Pick<PeriodTotal, 'accountId' | 'priceId' | 'discountId' | 'period'>): string {
  return JSON.stringify([total.accountId, total.priceId, total.discountId, total.period]);
}

/** The total that a line shares; undefined under a unit price. */
export function totalKeyOfLine({ tenant, priceId, discountId, period }: BillLine): string | undefined {
  return period === '' ? undefined : totalKeyOf({ accountId: tenant.accountId, priceId, discountId, period });
}

export function emptyLine(
  usage: Usage,
  { rate, from }: { rate: Rate; from: Instant },
  at: { id: string; now: Instant; zone: Zone },
): BillLine {
  const { price } = rate;
  return {
    id: at.id,
    tenant: usage.tenant,
    sourceKind: usage.source.kind,
    sourceId: usage.source.id,
    meter: price.meter,
    region: usage.region,
    item: usage.item,
    quantity: 0n,
    amountMicros: 0n,
    writtenOffMicros: 0n,
    refundedMicros: 0n,
    creditedMicros: 0n,
    currency: price.currency,
    priceId: price.id,
    priceVersion: price.version,
    priceAmountMicros: price.amountMicros,
    pricePerQuantity: price.perQuantity,
    discountId: rate.discount?.id ?? '',
    discountBasisPoints: basisPointsOf(rate),
    period: isCumulative(price.model) ? monthOf(from, at.zone) : '',
    holdId: usage.holdId ?? '',
    usageFrom: usage.from,
    usageTo: usage.to,
    version: 0n,
    createdAt: at.now,
    updatedAt: at.now,
  };
}

export function emptyTotal({ tenant, priceId, discountId, period }: BillLine): PeriodTotal {
  const sums = { quantity: 0n, amountMicros: 0n, writtenOffMicros: 0n, refundedMicros: 0n, creditedMicros: 0n };
  return { accountId: tenant.accountId, priceId, discountId, period, ...sums, version: 0n };
}

/** A change of what a line counts. The quantity is negative where a correction takes back. */
export type Addition = { quantity: bigint; from: Instant; to: Instant; holdId: string | undefined };
export type Growth = {
  line: BillLine;
  total: PeriodTotal | undefined;
  /** What had been used before: the added amount is that of the quantities after and before. */
  baseQuantity: bigint;
  addedMicros: Micros;
};

/**
 * The line, and the total that it shares, with a quantity more, and what that adds to the amount. Undefined when it would
 * take back more than there is, or when 64 bits cannot hold the result.
 */
export function grow(
  { line, total, price }: { line: BillLine; total: PeriodTotal | undefined; price: Price },
  { quantity, from, to, holdId }: Addition,
  now: Instant,
): Growth | undefined {
  const before = total ?? line;
  const after = before.quantity + quantity;
  const lineQuantity = line.quantity + quantity;
  if (after < 0n || lineQuantity < 0n || after > MAX_MICROS) return undefined;
  const amountMicros = amountOf(price, after, line.discountBasisPoints);
  if (amountMicros > MAX_MICROS) return undefined;
  const addedMicros = amountMicros - before.amountMicros;
  const grown: BillLine = {
    ...line,
    quantity: lineQuantity,
    amountMicros: line.amountMicros + addedMicros,
    holdId: holdId ?? line.holdId,
    usageFrom: Math.min(line.usageFrom, from),
    usageTo: Math.max(line.usageTo, to),
    version: line.version + 1n,
    updatedAt: now,
  };
  const grownTotal = total && { ...total, quantity: after, amountMicros, version: total.version + 1n };
  return { line: grown, total: grownTotal, baseQuantity: before.quantity, addedMicros };
}
