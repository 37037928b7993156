import type { Instant, Micros } from '@suanli/kernel';
import type { Month } from '../../domain/calendar/calendar.ts';
import type { Commitment } from '../../domain/price/commitment.ts';
import type { Price, Priced, PriceKey } from '../../domain/price/price.ts';
import type { Quote } from '../../domain/price/quote.ts';
import type { Book, Discount } from '../../domain/price/rate.ts';

export interface PriceStore {
  /** Every version that could price one of these, for everyone and for these accounts, and the accounts' discounts. */
  book(of: readonly Priced[], accountIds: readonly string[]): Promise<Book>;
  /** Every version of these prices, whoever they are for. */
  versions(of: readonly PriceKey[]): Promise<Price[]>;
  ofIds(priceIds: readonly string[]): Promise<Price[]>;
  /** Whether nobody has put a price in yet; the platform's own do not count. */
  isEmpty(): Promise<boolean>;
  /** One publication at a time until the transaction ends: versions are counted. */
  lockBook(): Promise<void>;
  /** Adds versions; one that is there already is left as it is. */
  insert(prices: readonly Price[]): Promise<void>;
  insertDiscount(discount: Discount): Promise<void>;
  /** The end of the latest usage that was rated under any version of each of these, by `priceKeyOf`. */
  ratedUntil(of: readonly PriceKey[]): Promise<Map<string, Instant>>;
}

export interface QuoteStore {
  insert(quote: Quote): Promise<void>;
  find(quoteIds: readonly string[]): Promise<Quote[]>;
}

export interface CommitmentStore {
  insert(commitment: Commitment): Promise<void>;
  ofAccount(accountId: string): Promise<Commitment[]>;
  /** Every commitment that has this month, by account; at most `limit`, after `afterId`. */
  ofMonth(month: Month, page: { afterId: string; limit: number }): Promise<Commitment[]>;
  /** What an account was charged for the days of a month, without what made up for a shortfall. */
  spentIn(month: Month, accountId: string): Promise<Micros>;
}
