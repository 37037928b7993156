import { DAY_MS, type Month, monthOf, SHANGHAI } from '../../domain/calendar/calendar.ts';
import type { LedgerBatch } from '../../domain/ledger/ledger-batch.ts';
import type { Price } from '../../domain/price/price.ts';
import { isCumulative } from '../../domain/price/price-model.ts';
import { type BillLine, lineKeyOf, type PeriodTotal, totalKeyOf } from '../../domain/rating/bill-line.ts';
import { type ChargedPart, Facts, type KnownUsage } from '../../domain/rating/facts.ts';
import { fenceKeyOf } from '../../domain/rating/fence.ts';
import type { RatingState } from '../../domain/rating/plan-usage.ts';
import { MAX_WINDOW_MS } from '../../domain/rating/segments.ts';
import type { Usage } from '../../domain/rating/usage.ts';
import { type UnusableWindow, windowKeyOf } from '../../domain/refund/credit.ts';
import { recallCredit } from '../lots/recall-credit.ts';
import type { BillingStores } from '../ports.ts';

/** Everything that rating these events looks at, set by set, once their wallets are locked. */
export async function loadState(
  stores: BillingStores,
  batch: LedgerBatch,
  usages: readonly Usage[],
  known: readonly KnownUsage[],
  isRevision = false,
): Promise<RatingState> {
  const accountIds = [...new Set(usages.map((usage) => usage.tenant.accountId))];
  const book = await stores.prices.book(pricedBy(usages), accountIds);
  const correcting = isRevision ? usages : usages.filter((usage) => usage.correctsUsageId !== undefined);
  const factIds = correcting.length === 0 ? [] : known.flatMap((one) => (one.factId === '' ? [] : [one.factId]));
  const parts = factIds.length === 0 ? [] : await stores.usage.charged([...new Set(factIds)]);
  const periods = periodsOf(usages, parts);
  const lines = await stores.billLines.ofResources(usages, periods);
  const quoteIds = usages.flatMap((usage) => usage.quoteId ?? []);
  const quotes = quoteIds.length === 0 ? [] : await stores.quotes.find(quoteIds);
  const workloads = usages.filter((usage) => usage.source.epoch > 0);
  const fences = workloads.length === 0 ? [] : await stores.fences.ofUsages(workloads);
  const quoted = quotes.flatMap((quote) => quote.lines.map((line) => line.rate.price));
  const prices = new Map([...book.prices, ...quoted].map((price) => [price.id, price]));
  const older = parts.length === 0 ? [] : lines.map((line) => line.priceId).filter((id) => !prices.has(id));
  if (older.length > 0) for (const price of await stores.prices.ofIds(older)) prices.set(price.id, price);
  const totals = await loadTotals(stores, accountIds, [...prices.values()], periods);
  await recallCreditOf(stores, batch, { correcting, lines, totals, prices });
  return {
    batch,
    book,
    prices,
    quotes: new Map(quotes.map((quote) => [quote.id, quote])),
    fences: new Map(fences.map((fence) => [fenceKeyOf(fence), fence.fencedAt])),
    facts: new Facts(known, parts),
    lines: new Map(lines.map((line) => [lineKeyOf(line), line])),
    totals: new Map(totals.map((total) => [totalKeyOf(total), total])),
    windows: await windowsOf(stores, usages, parts),
    zone: SHANGHAI,
  };
}

/** Where credits have given something back of what is corrected: only there it matters for which time. */
async function windowsOf(
  stores: BillingStores,
  usages: readonly Usage[],
  parts: readonly ChargedPart[],
): Promise<Map<string, UnusableWindow>> {
  if (parts.every((part) => part.creditedMicros === 0n)) return new Map();
  const windows = await stores.credits.windows(usages.map((usage) => usage.source));
  return new Map(windows.map((window) => [windowKeyOf(window.source), window]));
}

function pricedBy(usages: readonly Usage[]) {
  return usages.flatMap(({ readings, region, item }) => readings.map(({ meter }) => ({ meter, region, item })));
}

/** The months in which these events are charged, or have been: a long life costs no longer look. */
function periodsOf(usages: readonly Usage[], parts: readonly ChargedPart[]): Month[] {
  const months = new Set(parts.map((part) => part.day.slice(0, 7)));
  for (const { from, to } of usages) {
    // A window that no one meters is not rated, however many months it has.
    if (to < from || to - from > MAX_WINDOW_MS) continue;
    for (let at = from; at < to; at += DAY_MS) months.add(monthOf(at, SHANGHAI));
    months.add(monthOf(to, SHANGHAI));
  }
  return [...months];
}

async function loadTotals(
  stores: BillingStores,
  accountIds: readonly string[],
  prices: readonly Price[],
  periods: readonly Month[],
): Promise<PeriodTotal[]> {
  const priceIds = prices.filter((price) => isCumulative(price.model)).map((price) => price.id);
  return priceIds.length === 0 ? [] : stores.billLines.totals({ accountIds, priceIds, periods });
}

/**
 * Money goes back where a correction takes something away, and where the whole month falls into a cheaper tier: only
 * there it matters which credit had paid.
 */
function recallCreditOf(
  stores: BillingStores,
  batch: LedgerBatch,
  {
    correcting,
    lines,
    totals,
    prices,
  }: {
    correcting: readonly Usage[];
    lines: readonly BillLine[];
    totals: readonly PeriodTotal[];
    prices: ReadonlyMap<string, Price>;
  },
): Promise<void> {
  const accounts = new Set(correcting.map((usage) => usage.tenant.accountId));
  const resources = new Set(correcting.map(({ source }) => source.id));
  return recallCredit(
    stores,
    batch,
    lines.filter((line) => resources.has(line.sourceId)),
    totals.filter((total) => accounts.has(total.accountId) || prices.get(total.priceId)?.model.kind === 'volume'),
  );
}
