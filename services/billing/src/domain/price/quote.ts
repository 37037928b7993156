import { type Instant, type Micros, MAX_MICROS } from '@suanli/kernel';
import type { TenantPath } from '@suanli/kernel';
import type { Priced } from './price.ts';
import { amountOf, ceilingOf } from './price-model.ts';
import { basisPointsOf, type Book, findRate, type Rate } from './rate.ts';

export type UsageLine = Priced & { quantity: bigint };
export type QuotedLine = {
  usage: UsageLine;
  rate: Rate;
  /** At most what the usage will be charged: what a hold must cover. */
  amountMicros: Micros;
  /** What it will be charged when the month has nothing else at this price. */
  expectedMicros: Micros;
};
export type Quoted =
  | { kind: 'quoted'; lines: QuotedLine[]; totalMicros: Micros; expectedMicros: Micros }
  | { kind: 'refused'; reason: 'price_not_found' | 'quantity_out_of_range'; line: UsageLine };

/** Prices lines as they would be charged, each rounded up: a hold of the total covers the charge, however it is sliced. */
export function quoteUsage(book: Book, lines: readonly UsageLine[], at: Instant, accountId = ''): Quoted {
  const quoted: QuotedLine[] = [];
  let totalMicros = 0n;
  let expectedMicros = 0n;
  for (const usage of lines) {
    const rate = findRate(book, { ...usage, accountId }, at);
    if (rate === undefined) return { kind: 'refused', reason: 'price_not_found', line: usage };
    if (usage.quantity < 0n) return { kind: 'refused', reason: 'quantity_out_of_range', line: usage };
    const amountMicros = ceilingOf(rate.price, usage.quantity);
    const expected = amountOf(rate.price, usage.quantity, basisPointsOf(rate));
    totalMicros += amountMicros;
    expectedMicros += expected;
    if (totalMicros > MAX_MICROS) return { kind: 'refused', reason: 'quantity_out_of_range', line: usage };
    quoted.push({ usage, rate, amountMicros, expectedMicros: expected });
  }
  return { kind: 'quoted', lines: quoted, totalMicros, expectedMicros };
}

/** Prices promised to an account: usage of a workload submitted in time and naming the quote is rated at them. */
export type Quote = {
  id: string;
  tenant: TenantPath;
  /** Price and discount of each thing quoted; amounts of the quantities asked about. */
  lines: readonly QuotedLine[];
  holdMicros: Micros;
  expectedMicros: Micros;
  currency: string;
  validUntil: Instant;
  createdAt: Instant;
};

export type QuoteRefusal = 'quote_not_found' | 'quote_of_other_tenant' | 'quote_expired';

/** Whether a workload may be submitted under the quote now. A quote of a stranger is as good as none. */
export function checkQuote(quote: Quote | undefined, accountId: string, now: Instant): QuoteRefusal | undefined {
  if (quote === undefined) return 'quote_not_found';
  if (quote.tenant.accountId !== accountId) return 'quote_of_other_tenant';
  return now >= quote.validUntil ? 'quote_expired' : undefined;
}

/** The promised rate; undefined when the quote says nothing about this: then the book counts. */
export function quotedRate(quote: Quote, { meter, region, item }: Priced): Rate | undefined {
  return quote.lines.find(({ usage }) => usage.meter === meter && usage.region === region && usage.item === item)?.rate;
}
