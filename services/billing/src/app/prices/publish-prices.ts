import { CURRENCY, type Instant, type Micros } from '@suanli/kernel';
import type { Price } from '../../domain/price/price.ts';
import type { BillingDeps } from '../ports.ts';

export type NewPrice = {
  meter: string;
  region: string;
  item: string;
  amountMicros: Micros;
  perQuantity: bigint;
  display: string;
  effectiveFrom: Instant;
};

const FIRST_VERSION = 1;

/** Writes the first version of the price book unless the book has prices. Two replicas at once write it once. */
export async function seedPrices(deps: BillingDeps, prices: readonly NewPrice[]): Promise<void> {
  await deps.transact(async (stores) => {
    if (await stores.prices.isEmpty())
      await stores.prices.insert(prices.map((price) => versionOf(deps, price, FIRST_VERSION)));
  });
}

/** Adds a version of each price, after the ones there are. What was charged keeps the version it was charged under. */
export async function publishPrices(deps: BillingDeps, prices: readonly NewPrice[]): Promise<void> {
  await deps.transact(async (stores) => {
    const book = await stores.prices.candidates(prices);
    const next = (price: NewPrice) =>
      Math.max(0, ...book.filter((one) => isSame(one, price)).map((one) => one.version)) + 1;
    await stores.prices.insert(prices.map((price) => versionOf(deps, price, next(price))));
  });
}

function versionOf(deps: BillingDeps, price: NewPrice, version: number): Price {
  return { ...price, id: deps.ids.next('prc'), version, currency: CURRENCY };
}

function isSame(one: Price, other: NewPrice): boolean {
  return one.meter === other.meter && one.region === other.region && one.item === other.item;
}
