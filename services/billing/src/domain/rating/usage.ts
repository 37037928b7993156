import type { Instant, TenantPath } from '@suanli/kernel';

export type MeterReading = { meter: string; quantity: bigint };

/** A fact of use, as the service that metered it tells it: the only source of a charge. */
export type Usage = {
  /**
   * The business key of the fact, derived from it by who tells it: the same fact told twice has one id. Nothing else in
   * an event can tell two facts apart: two tasks of a gang, or two short calls, may have the same source and window.
   */
  usageId: string;
  tenant: TenantPath;
  /** The hold that pays; absent when the wallet pays directly. */
  holdId?: string;
  source: { kind: string; id: string; epoch: number };
  costKey: string;
  readings: readonly MeterReading[];
  region: string;
  item: string;
  from: Instant;
  to: Instant;
  /** The last event of its source and epoch. */
  isFinal: boolean;
  /** Tells an earlier fact anew, as a whole: the difference is booked. Of a chain of corrections, the one before it. */
  correctsUsageId?: string;
  /** The quote that its workload was submitted under: its prices count. */
  quoteId?: string;
};

/** Why usage could not be rated. It stays parked and is rated once the cause is gone. */
export type ParkReason =
  | 'price_not_found'
  | 'hold_not_found'
  | 'hold_of_other_tenant'
  | 'wallet_not_found'
  | 'quantity_out_of_range'
  /** Longer than any window that anyone meters: a mistake of who tells it. */
  | 'window_out_of_range'
  /** The fact that it corrects has not been rated. */
  | 'original_not_found'
  /** Another event corrects the same fact: of a fork only the first counts. */
  | 'already_corrected'
  /** It corrects a fact of another account or resource. */
  | 'correction_of_other_fact'
  /** Its epoch was fenced before it began. */
  | 'beyond_fence'
  | 'quote_not_found'
  | 'quote_of_other_tenant';

export const PARK_REASONS: readonly ParkReason[] = [
  'price_not_found',
  'hold_not_found',
  'hold_of_other_tenant',
  'wallet_not_found',
  'quantity_out_of_range',
  'window_out_of_range',
  'original_not_found',
  'already_corrected',
  'correction_of_other_fact',
  'beyond_fence',
  'quote_not_found',
  'quote_of_other_tenant',
];

/** Usage that waits, why, and for what: `hold:hld_1` comes, and everything that waits for it is rated. */
export type Parked = { usage: Usage; reason: ParkReason; waitsFor: string };

/** The name of a thing that parked usage waits for. Empty when only a person can help. */
export const waitFor = {
  price: (meter: string) => `price:${meter}`,
  hold: (holdId: string) => `hold:${holdId}`,
  wallet: (accountId: string) => `wallet:${accountId}`,
  usage: (usageId: string) => `usage:${usageId}`,
  quote: (quoteId: string) => `quote:${quoteId}`,
  nothing: '',
};

/** One reading per meter, without the empty ones: a reading of zero needs no price and makes no charge. */
export function mergedReadings(readings: readonly MeterReading[]): MeterReading[] {
  const byMeter = new Map<string, bigint>();
  for (const { meter, quantity } of readings) byMeter.set(meter, (byMeter.get(meter) ?? 0n) + quantity);
  return [...byMeter].filter(([, quantity]) => quantity !== 0n).map(([meter, quantity]) => ({ meter, quantity }));
}

/** Whether two events of one id tell the same: a publisher may repeat itself, but not take back what was charged. */
export function tellsTheSame(one: Usage, other: Usage): boolean {
  return contentOf(one) === contentOf(other);
}

function contentOf({ tenant, source, region, item, from, to, readings, correctsUsageId }: Usage): string {
  const quantities = mergedReadings(readings).map(({ meter, quantity }) => `${meter}=${quantity}`);
  return JSON.stringify([
    tenant.accountId,
    source.kind,
    source.id,
    source.epoch,
    region,
    item,
    from,
    to,
    quantities.sort(),
    correctsUsageId ?? '',
  ]);
}
