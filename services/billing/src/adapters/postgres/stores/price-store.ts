import type { Tx } from '@suanli/postgres';
import { and, eq, inArray, ne, or, sql } from 'drizzle-orm';
import type { PriceStore } from '../../../app/prices/ports.ts';
import { ANY_ITEM, ANY_REGION, EVERY_ACCOUNT, type Priced, priceKeyOf } from '../../../domain/price/price.ts';
import type { Book } from '../../../domain/price/rate.ts';
import { toDiscount, toPrice } from '../rows.ts';
import { billLines, discounts, prices } from '../schema/index.ts';
import { toTaggedJson } from '../tagged-json.ts';

/** Not for sale by a price list: what a month fell short of its commitment. */
const PLATFORM_METER = 'minimum_commit';
/** Any number of this use alone. */
const BOOK_LOCK = 7_201_953;

export function priceStore(tx: Tx): PriceStore {
  return {
    book: (of, accountIds) => loadBook(tx, of, accountIds),
    async versions(of) {
      if (of.length === 0) return [];
      const keys = new Set(of.map(priceKeyOf));
      const rows = await tx
        .select()
        .from(prices)
        .where(inArray(prices.meter, [...new Set(of.map((one) => one.meter))]));
      return rows.map(toPrice).filter((price) => keys.has(priceKeyOf(price)) || price.accountId === EVERY_ACCOUNT);
    },
    async ofIds(priceIds) {
      const rows = await tx
        .select()
        .from(prices)
        .where(inArray(prices.id, [...new Set(priceIds)]));
      return rows.map(toPrice);
    },
    async isEmpty() {
      const found = await tx.select({ id: prices.id }).from(prices).where(ne(prices.meter, PLATFORM_METER)).limit(1);
      return found.length === 0;
    },
    async lockBook() {
      await tx.execute(sql`select pg_advisory_xact_lock(${BOOK_LOCK})`);
    },
    async insert(versions) {
      await tx
        .insert(prices)
        .values(
          versions.map((price) => ({
            ...price,
            model: toTaggedJson(price.model),
            effectiveFrom: new Date(price.effectiveFrom),
          })),
        )
        .onConflictDoNothing();
    },
    async insertDiscount(discount) {
      await tx.insert(discounts).values({
        ...discount,
        effectiveFrom: new Date(discount.effectiveFrom),
        createdAt: new Date(discount.createdAt),
      });
    },
    async ratedUntil(of) {
      const found = new Map<string, number>();
      for (const key of of) {
        const [row] = await tx
          .select({ until: sql<Date | null>`max(${billLines.usageTo})`.mapWith(billLines.usageTo) })
          .from(billLines)
          .where(
            and(
              eq(billLines.meter, key.meter),
              key.region === ANY_REGION ? undefined : eq(billLines.region, key.region),
              key.item === ANY_ITEM ? undefined : eq(billLines.item, key.item),
              key.accountId === EVERY_ACCOUNT ? undefined : eq(billLines.accountId, key.accountId),
            ),
          );
        if (row?.until != null) found.set(priceKeyOf(key), row.until.getTime());
      }
      return found;
    },
  };
}

/** A superset, so that one indexed statement serves a whole batch; the domain picks. */
export async function loadBook(
  db: Pick<Tx, 'select'>,
  of: readonly Priced[],
  accountIds: readonly string[],
): Promise<Book> {
  if (of.length === 0) return { prices: [], discounts: [] };
  const rows = await db
    .select()
    .from(prices)
    .where(
      and(
        inArray(prices.meter, [...new Set(of.map((one) => one.meter))]),
        inArray(prices.region, [...new Set([ANY_REGION, ...of.map((one) => one.region)])]),
        inArray(prices.item, [...new Set([ANY_ITEM, ...of.map((one) => one.item)])]),
        or(eq(prices.accountId, EVERY_ACCOUNT), inArray(prices.accountId, [...accountIds])),
      ),
    )
    .orderBy(sql`${prices.meter}, ${prices.region}, ${prices.item}, ${prices.version}`);
  const reduced =
    accountIds.length === 0
      ? []
      : await db
          .select()
          .from(discounts)
          .where(inArray(discounts.accountId, [...accountIds]));
  return { prices: rows.map(toPrice), discounts: reduced.map(toDiscount) };
}
