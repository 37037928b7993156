import type { Instant } from '@suanli/kernel';
import { MINIMUM_COMMIT } from './meter.ts';
import { covers, EVERY_ACCOUNT, findPrice, type Price, type PricedFor } from './price.ts';

/** Every meter of usage, in `meter`. */
export const ANY_METER = '*';

/**
 * What an account pays less than the book says. Immutable and effective-dated: a change, and an end (0 basis points), is
 * another one from its own time on.
 */
export type Discount = {
  id: string;
  accountId: string;
  /** `*` is every meter. */
  meter: string;
  /** Empty is every region. */
  region: string;
  /** `*` is every item. */
  item: string;
  /** Hundredths of a percent: 10,000 is everything. */
  basisPoints: number;
  effectiveFrom: Instant;
  createdAt: Instant;
};

/** What rating looks things up in. */
export type Book = { prices: readonly Price[]; discounts: readonly Discount[] };

/** What something costs at one instant: a version of a price, and the discount on it. */
export type Rate = { price: Price; discount?: Discount };

/** Undefined when the book has no price for it at that time. */
export function findRate(book: Book, what: PricedFor, at: Instant): Rate | undefined {
  const price = findPrice(book.prices, what, at);
  if (price === undefined) return undefined;
  const discount = price.accountId === EVERY_ACCOUNT ? findDiscount(book.discounts, what, at) : undefined;
  return { price, ...(discount !== undefined && discount.basisPoints > 0 && { discount }) };
}

/** The most particular discount in effect: own item, then own meter, then own region; of equals the latest. */
export function findDiscount(discounts: readonly Discount[], what: PricedFor, at: Instant): Discount | undefined {
  let best: Discount | undefined;
  for (const discount of discounts) {
    if (!isFor(discount, what) || discount.effectiveFrom > at) continue;
    if (best === undefined || isBetter(discount, best)) best = discount;
  }
  return best;
}

/** The instants strictly inside the window at which the rate may change. */
export function rateChanges(book: Book, what: PricedFor, from: Instant, to: Instant): Instant[] {
  const inside = (at: Instant) => at > from && at < to;
  return [
    ...book.prices.filter((price) => inside(price.effectiveFrom) && covers(price, what)),
    ...book.discounts.filter((discount) => inside(discount.effectiveFrom) && isFor(discount, what)),
  ].map((one) => one.effectiveFrom);
}

export function basisPointsOf(rate: Rate): number {
  return rate.discount?.basisPoints ?? 0;
}

function isFor(discount: Discount, what: PricedFor): boolean {
  return (
    discount.accountId === what.accountId &&
    (discount.meter === what.meter || (discount.meter === ANY_METER && what.meter !== MINIMUM_COMMIT)) &&
    (discount.region === '' || discount.region === what.region) &&
    (discount.item === '*' || discount.item === what.item)
  );
}

function isBetter(one: Discount, other: Discount): boolean {
  const particular = particularity(one) - particularity(other);
  if (particular !== 0) return particular > 0;
  if (one.effectiveFrom !== other.effectiveFrom) return one.effectiveFrom > other.effectiveFrom;
  return one.createdAt === other.createdAt ? one.id > other.id : one.createdAt > other.createdAt;
}

function particularity({ item, meter, region }: Discount): number {
  return (item === '*' ? 0 : 4) + (meter === ANY_METER ? 0 : 2) + (region === '' ? 0 : 1);
}
