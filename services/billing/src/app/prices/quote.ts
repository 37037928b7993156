import { type Quoted, quoteUsage, type UsageLine } from '../../domain/price/quote.ts';
import type { BillingDeps } from '../ports.ts';

/** Prices lines of usage under the book as it is now, for an account when one is named. Writes nothing. */
export async function quote(deps: BillingDeps, lines: readonly UsageLine[], accountId = ''): Promise<Quoted> {
  const book = await deps.reads.book(lines, accountId === '' ? [] : [accountId]);
  return quoteUsage(book, lines, deps.clock.now(), accountId);
}
