import { type Quote, quoteUsage, type UsageLine } from '../../domain/price/quote.ts';
import type { BillingDeps } from '../ports.ts';

/** Prices lines of usage under the book as it is now. Writes nothing. */
export async function quote(deps: BillingDeps, lines: readonly UsageLine[]): Promise<Quote> {
  const book = await deps.reads.priceCandidates(lines);
  return quoteUsage(book, lines, deps.clock.now());
}
