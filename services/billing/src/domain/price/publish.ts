import type { Instant, Micros } from '@suanli/kernel';
import { METERS } from './meter.ts';
import { EVERY_ACCOUNT, findPrice, type Price, type PriceKey, priceKeyOf } from './price.ts';
import { type ModelProblem, type PriceModel, problemOf } from './price-model.ts';

export type PriceDraft = PriceKey & {
  model: PriceModel;
  amountMicros: Micros;
  perQuantity: bigint;
  display: string;
  effectiveFrom: Instant;
  /** Says that it may start before usage that was rated already, which keeps the version it was rated under. */
  isBackdated?: boolean;
};

export type PublishRefusal = {
  reason: ModelProblem | 'meter_unknown' | 'price_starts_before_previous' | 'price_starts_in_rated_past' | 'price_gap';
  price: PriceKey;
};
export type PublishDecision =
  | { kind: 'published'; prices: Omit<Price, 'id' | 'currency'>[] }
  | { kind: 'refused'; refusal: PublishRefusal };

/**
 * The next version of each price, or why there is none: all of them or nothing. Versions of one price start in the order
 * of their numbers, so that a clock that goes back cannot put an older price in front of a newer one.
 * `ratedUntil` is the end of the latest usage rated under a price key.
 */
export function decidePublish(
  book: readonly Price[],
  drafts: readonly PriceDraft[],
  ratedUntil: ReadonlyMap<string, Instant>,
): PublishDecision {
  const published: Omit<Price, 'id' | 'currency'>[] = [];
  for (const draft of drafts) {
    const { isBackdated = false, ...price } = draft;
    const key = priceKeyOf(price);
    const versions = [...book, ...published].filter((one) => priceKeyOf(one) === key);
    const latest = versions.reduce<Omit<Price, 'id' | 'currency'> | undefined>(
      (most, one) => (most === undefined || one.version > most.version ? one : most),
      undefined,
    );
    const reason = reasonAgainst(price, latest, isBackdated ? undefined : ratedUntil.get(key));
    if (reason !== undefined) return { kind: 'refused', refusal: { reason, price } };
    published.push({ ...price, version: (latest?.version ?? 0) + 1 });
  }
  const gap = findGap(book, published);
  if (gap !== undefined) return { kind: 'refused', refusal: { reason: 'price_gap', price: gap } };
  return { kind: 'published', prices: published };
}

function reasonAgainst(
  price: Omit<PriceDraft, 'isBackdated'>,
  latest: Omit<Price, 'id' | 'currency'> | undefined,
  ratedUntil: Instant | undefined,
): PublishRefusal['reason'] | undefined {
  if (!METERS.some((meter) => meter.name === price.meter) && latest === undefined && !price.meter.endsWith('_time')) {
    return 'meter_unknown';
  }
  const problem = problemOf(price);
  if (problem !== undefined) return problem;
  if (latest !== undefined && price.effectiveFrom < latest.effectiveFrom) return 'price_starts_before_previous';
  if (ratedUntil !== undefined && price.effectiveFrom < ratedUntil) return 'price_starts_in_rated_past';
  return undefined;
}

/** Everyone's price may be withdrawn only where a wider one takes its place: usage would be parked otherwise. */
function findGap(book: readonly Price[], published: readonly Omit<Price, 'id' | 'currency'>[]): PriceKey | undefined {
  const after = [...book, ...published.map((price) => ({ ...price, id: '', currency: '' }))];
  return published.find(
    (price) =>
      price.model.kind === 'withdrawn' &&
      price.accountId === EVERY_ACCOUNT &&
      findPrice(after, { meter: price.meter, region: price.region, item: price.item }, price.effectiveFrom) ===
        undefined,
  );
}
