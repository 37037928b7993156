import type { Database } from '@suanli/postgres';
import { and, asc, desc, eq, gt, inArray, lte, sql } from 'drizzle-orm';
import type { PriceFilter, PricingReads } from '../../app/prices/read-ports.ts';
import type { PageQuery } from '../../app/read-ports.ts';
import { EVERY_ACCOUNT } from '../../domain/price/price.ts';
import { pageOf } from './page-of.ts';
import { toCommitment, toDiscount, toPrice, toQuote } from './rows.ts';
import { commitments, discounts, prices, quotes } from './schema/index.ts';
import { loadBook } from './stores/price-store.ts';

export function pricingReads(db: Database): PricingReads {
  return {
    pricesAt: (at, accountId, page) => pricesAt(db, { at, accountId }, page),
    priceVersions: (filter, page) => priceVersions(db, filter, page),
    book: (of, accountIds) => loadBook(db, of, accountIds),
    async discounts(accountId) {
      const rows = await db
        .select()
        .from(discounts)
        .where(eq(discounts.accountId, accountId))
        .orderBy(asc(discounts.effectiveFrom), asc(discounts.id));
      return rows.map(toDiscount);
    },
    async commitments(accountId) {
      const rows = await db
        .select()
        .from(commitments)
        .where(eq(commitments.accountId, accountId))
        .orderBy(asc(commitments.fromMonth));
      return rows.map(toCommitment);
    },
    async quote(visible, quoteId) {
      const isTheirs = and(eq(quotes.accountId, visible.accountId), eq(quotes.workspaceId, visible.workspaceId));
      const [row] = await db
        .select()
        .from(quotes)
        .where(and(eq(quotes.id, quoteId), isTheirs));
      return row && toQuote(row);
    },
  };
}

async function pricesAt(db: Database, { at, accountId }: { at: number; accountId: string }, page: PageQuery) {
  const key = sql<string>`${prices.meter} || '|' || ${prices.region} || '|' || ${prices.item} || '|' || ${prices.accountId}`;
  const newest = db
    .selectDistinctOn([key])
    .from(prices)
    .where(
      and(
        lte(prices.effectiveFrom, new Date(at)),
        inArray(prices.accountId, [...new Set([EVERY_ACCOUNT, accountId])]),
        page.after === undefined ? undefined : gt(key, page.after),
      ),
    )
    .orderBy(asc(key), desc(prices.effectiveFrom), desc(prices.version))
    .as('newest');
  const rows = await db
    .select()
    .from(newest)
    .where(sql`${newest.model} ->> 'kind' <> 'withdrawn' and ${newest.meter} <> 'minimum_commit'`)
    .orderBy(asc(newest.meter), asc(newest.region), asc(newest.item), asc(newest.accountId))
    .limit(page.limit + 1);
  return pageOf(rows.map(toPrice), page, (one) => `${one.meter}|${one.region}|${one.item}|${one.accountId}`);
}

async function priceVersions(db: Database, { meter, region, item }: PriceFilter, page: PageQuery) {
  const rows = await db
    .select()
    .from(prices)
    .where(
      and(
        meter === '' ? undefined : eq(prices.meter, meter),
        region === '' ? undefined : eq(prices.region, region),
        item === '' ? undefined : eq(prices.item, item),
        page.after === undefined ? undefined : gt(prices.id, page.after),
      ),
    )
    .orderBy(asc(prices.id))
    .limit(page.limit + 1);
  return pageOf(rows.map(toPrice), page, (price) => price.id);
}
