import type { Instant } from '@suanli/kernel';
import type { Commitment } from '../../domain/price/commitment.ts';
import type { Price, Priced } from '../../domain/price/price.ts';
import type { Quote } from '../../domain/price/quote.ts';
import type { Book, Discount } from '../../domain/price/rate.ts';
import type { Page, PageQuery, Visible } from '../read-ports.ts';

/** Which versions of prices someone wants to see; empty fields are no condition. */
export type PriceFilter = { meter: string; region: string; item: string };

export interface PricingReads {
  /** Everyone's prices in the version in effect at `at`, and those of this account. */
  pricesAt(at: Instant, accountId: string, page: PageQuery): Promise<Page<Price>>;
  /** Every version, oldest first within one price, of everyone and of every account: for operators. */
  priceVersions(filter: PriceFilter, page: PageQuery): Promise<Page<Price>>;
  /** Every version that could price one of these, and the discounts of these accounts. */
  book(of: readonly Priced[], accountIds: readonly string[]): Promise<Book>;
  /** Every discount that the account ever had, in the order of their time. */
  discounts(accountId: string): Promise<Discount[]>;
  commitments(accountId: string): Promise<Commitment[]>;
  quote(visible: Visible, quoteId: string): Promise<Quote | undefined>;
}
