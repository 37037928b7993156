import { type Instant, type Micros, MAX_MICROS, mulDivCeil } from '@suanli/kernel';
import { findPrice, type Price, type Priced } from './price.ts';

export type UsageLine = Priced & { quantity: bigint };
export type QuotedLine = { usage: UsageLine; price: Price; amountMicros: Micros };
export type Quote =
  | { kind: 'quoted'; lines: QuotedLine[]; totalMicros: Micros }
  | { kind: 'refused'; reason: 'price_not_found' | 'quantity_out_of_range'; line: UsageLine };

/** Prices lines as they would be charged, each rounded up: a hold of the total covers the charge, however it is sliced. */
export function quoteUsage(book: readonly Price[], lines: readonly UsageLine[], at: Instant): Quote {
  const quoted: QuotedLine[] = [];
  let totalMicros = 0n;
  for (const usage of lines) {
    const price = findPrice(book, usage, at);
    if (price === undefined) return { kind: 'refused', reason: 'price_not_found', line: usage };
    if (usage.quantity < 0n) return { kind: 'refused', reason: 'quantity_out_of_range', line: usage };
    const amountMicros = mulDivCeil(usage.quantity, price.amountMicros, price.perQuantity);
    totalMicros += amountMicros;
    if (totalMicros > MAX_MICROS) return { kind: 'refused', reason: 'quantity_out_of_range', line: usage };
    quoted.push({ usage, price, amountMicros });
  }
  return { kind: 'quoted', lines: quoted, totalMicros };
}
