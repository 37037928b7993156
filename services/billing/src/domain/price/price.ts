import type { Instant, Micros } from '@suanli/kernel';
import type { PriceModel } from './price-model.ts';

/** Every region, in `region`. */
export const ANY_REGION = '';
/** Every item without a price of its own, in `item`. */
export const ANY_ITEM = '*';
/** Every account without a price of its own, in `accountId`. */
export const EVERY_ACCOUNT = '';

/**
 * `amountMicros` buys `perQuantity` base units of the meter, in the way of `model`. Immutable: a change is a new version
 * from its own time on.
 */
export type Price = {
  id: string;
  version: number;
  meter: string;
  region: string;
  item: string;
  /** Whose price it is; empty for everyone. An account's own price is final: no discount lowers it. */
  accountId: string;
  model: PriceModel;
  /** Of tiered prices: that of the first tier. */
  amountMicros: Micros;
  perQuantity: bigint;
  currency: string;
  effectiveFrom: Instant;
  /** For a person: "¥2.50 per GPU-hour". */
  display: string;
};

/** What is priced. */
export type Priced = { meter: string; region: string; item: string };
/** What is priced, and for whom: empty for anyone. */
export type PricedFor = Priced & { accountId?: string };

/** What the versions of one price have in common. */
export type PriceKey = Priced & { accountId: string };

/**
 * The price of `what` at `at`: the most particular one (the account's own, then own item before every item, then own
 * region before every region), in the version that is in effect then. A price that is withdrawn then is not there.
 * Undefined when the book has none.
 */
export function findPrice(book: readonly Price[], what: PricedFor, at: Instant): Price | undefined {
  const newest = new Map<string, Price>();
  for (const price of book) {
    if (!covers(price, what) || price.effectiveFrom > at) continue;
    const key = priceKeyOf(price);
    const before = newest.get(key);
    if (before === undefined || isNewer(price, before)) newest.set(key, price);
  }
  let best: Price | undefined;
  for (const price of newest.values()) {
    if (price.model.kind === 'withdrawn') continue;
    if (best === undefined || particularity(price) > particularity(best)) best = price;
  }
  return best;
}

export function covers(price: PriceKey, what: PricedFor): boolean {
  return (
    price.meter === what.meter &&
    (price.region === what.region || price.region === ANY_REGION) &&
    (price.item === what.item || price.item === ANY_ITEM) &&
    (price.accountId === EVERY_ACCOUNT || price.accountId === what.accountId)
  );
}

export function priceKeyOf({ meter, region, item, accountId }: PriceKey): string {
  return JSON.stringify([meter, region, item, accountId]);
}

function isNewer(one: Price, other: Price): boolean {
  if (one.effectiveFrom !== other.effectiveFrom) return one.effectiveFrom > other.effectiveFrom;
  return one.version > other.version;
}

function particularity(price: Price): number {
  return (
    (price.accountId === EVERY_ACCOUNT ? 0 : 4) +
    (price.item === ANY_ITEM ? 0 : 2) +
    (price.region === ANY_REGION ? 0 : 1)
  );
}
