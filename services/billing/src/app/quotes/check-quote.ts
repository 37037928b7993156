import { checkQuote, type Quote, type QuoteRefusal } from '../../domain/price/quote.ts';
import type { BillingDeps } from '../ports.ts';

/** Whether a workload may be submitted under a quote now. */
export async function checkQuoteAtSubmit(
  deps: BillingDeps,
  ask: { quoteId: string; accountId: string },
): Promise<{ kind: 'valid'; quote: Quote } | { kind: 'refused'; reason: QuoteRefusal }> {
  const [found] = await deps.transact((stores) => stores.quotes.find([ask.quoteId]));
  const reason = checkQuote(found, ask.accountId, deps.clock.now());
  if (reason !== undefined || found === undefined) return { kind: 'refused', reason: reason ?? 'quote_not_found' };
  return { kind: 'valid', quote: found };
}
