import { type Instant, MAX_MICROS, type Micros, mulDivFloor, type TenantPath } from '@suanli/kernel';
import type { Price } from '../price/price.ts';
import type { MeterReading, Usage } from './usage.ts';

/**
 * What one resource cost on one meter under one version of a price. Its amount is floor(quantity × amount / per) of the
 * whole quantity so far, so that slicing or reordering the usage never changes it.
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
  currency: string;
  priceId: string;
  priceVersion: number;
  priceAmountMicros: Micros;
  pricePerQuantity: bigint;
  /** The hold that paid last; empty when the wallet paid directly. */
  holdId: string;
  usageFrom: Instant;
  usageTo: Instant;
  /** Grows with each charge. */
  version: bigint;
  createdAt: Instant;
  updatedAt: Instant;
};

/** Which line a reading belongs to. */
export function lineKey(usage: Usage, meter: string, priceId: string): string {
  const { tenant, source, region, item } = usage;
  return lineKeyOf({ tenant, sourceKind: source.kind, sourceId: source.id, meter, region, item, priceId });
}

type LineIdentity = Pick<BillLine, 'tenant' | 'sourceKind' | 'sourceId' | 'meter' | 'region' | 'item' | 'priceId'>;

export function lineKeyOf({ tenant, sourceKind, sourceId, meter, region, item, priceId }: LineIdentity): string {
  const { accountId, subAccountId = '', workspaceId } = tenant;
  return JSON.stringify([accountId, subAccountId, workspaceId, sourceKind, sourceId, meter, region, item, priceId]);
}

export function emptyLine(usage: Usage, price: Price, at: { id: string; now: Instant }): BillLine {
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
    currency: price.currency,
    priceId: price.id,
    priceVersion: price.version,
    priceAmountMicros: price.amountMicros,
    pricePerQuantity: price.perQuantity,
    holdId: usage.holdId ?? '',
    usageFrom: usage.from,
    usageTo: usage.to,
    version: 0n,
    createdAt: at.now,
    updatedAt: at.now,
  };
}

/** The line with one more reading, and what that adds to its amount. Undefined when 64 bits cannot hold the result. */
export function addReading(
  line: BillLine,
  usage: Usage,
  reading: MeterReading,
  now: Instant,
): { line: BillLine; addedMicros: Micros } | undefined {
  const quantity = line.quantity + reading.quantity;
  const amountMicros = mulDivFloor(quantity, line.priceAmountMicros, line.pricePerQuantity);
  if (reading.quantity < 0n || quantity > MAX_MICROS || amountMicros > MAX_MICROS) return undefined;
  const grown: BillLine = {
    ...line,
    quantity,
    amountMicros,
    holdId: usage.holdId ?? line.holdId,
    usageFrom: Math.min(line.usageFrom, usage.from),
    usageTo: Math.max(line.usageTo, usage.to),
    version: line.version + 1n,
    updatedAt: now,
  };
  return { line: grown, addedMicros: amountMicros - line.amountMicros };
}
