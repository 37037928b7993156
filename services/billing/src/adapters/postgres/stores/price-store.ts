import type { Tx } from '@suanli/postgres';
import { and, inArray, sql } from 'drizzle-orm';
import type { PriceStore } from '../../../app/ports.ts';
import { ANY_ITEM, ANY_REGION, type Price, type Priced } from '../../../domain/price/price.ts';
import { toPrice } from '../rows.ts';
import { prices } from '../schema/index.ts';

export function priceStore(tx: Tx): PriceStore {
  return {
    candidates: (of) => priceCandidates(tx, of),
    async isEmpty() {
      const found = await tx.select({ id: prices.id }).from(prices).limit(1);
      return found.length === 0;
    },
    async insert(versions) {
      await tx
        .insert(prices)
        .values(versions.map((price) => ({ ...price, effectiveFrom: new Date(price.effectiveFrom) })))
        .onConflictDoNothing({ target: [prices.meter, prices.region, prices.item, prices.version] });
    },
  };
}

/** A superset, so that one indexed statement serves a whole batch; the domain picks. */
export async function priceCandidates(db: Pick<Tx, 'select'>, of: readonly Priced[]): Promise<Price[]> {
  if (of.length === 0) return [];
  const rows = await db
    .select()
    .from(prices)
    .where(
      and(
        inArray(prices.meter, [...new Set(of.map((one) => one.meter))]),
        inArray(prices.region, [...new Set([ANY_REGION, ...of.map((one) => one.region)])]),
        inArray(prices.item, [...new Set([ANY_ITEM, ...of.map((one) => one.item)])]),
      ),
    )
    .orderBy(sql`${prices.meter}, ${prices.region}, ${prices.item}, ${prices.version}`);
  return rows.map(toPrice);
}
