import type { Instant, Micros } from '@suanli/kernel';

/** Every region, in `region`. */
export const ANY_REGION = '';
/** Every item without a price of its own, in `item`. */
export const ANY_ITEM = '*';

/** `amountMicros` buys `perQuantity` base units of the meter. Immutable: a change is a new version from its own time on. */
export type Price = {
  id: string;
  version: number;
  meter: string;
  region: string;
  item: string;
  amountMicros: Micros;
  perQuantity: bigint;
  currency: string;
  effectiveFrom: Instant;
  /** For a person: "¥2.50 per GPU-hour". */
  display: string;
};

/** What is priced. */
export type Priced = { meter: string; region: string; item: string };

/**
 * The price of `what` at `at`: the most particular one (own item before every item, then own region before every
 * region), and of its versions the newest in effect. Undefined when the book has none.
 */
export function findPrice(book: readonly Price[], what: Priced, at: Instant): Price | undefined {
  let best: Price | undefined;
  for (const price of book) {
    if (!covers(price, what) || price.effectiveFrom > at) continue;
    if (best === undefined || isBetter(price, best)) best = price;
  }
  return best;
}

function covers(price: Price, what: Priced): boolean {
  return (
    price.meter === what.meter &&
    (price.region === what.region || price.region === ANY_REGION) &&
    (price.item === what.item || price.item === ANY_ITEM)
  );
}

function isBetter(one: Price, other: Price): boolean {
  const particular = particularity(one) - particularity(other);
  if (particular !== 0) return particular > 0;
  if (one.effectiveFrom !== other.effectiveFrom) return one.effectiveFrom > other.effectiveFrom;
  return one.version > other.version;
}

function particularity(price: Price): number {
  return (price.item === ANY_ITEM ? 0 : 2) + (price.region === ANY_REGION ? 0 : 1);
}
