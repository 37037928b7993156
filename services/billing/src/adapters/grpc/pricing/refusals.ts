import { alreadyExists, failedPrecondition, type GrpcRefusal, invalidArgument, notFound } from '@suanli/grpc-kit';
import type { DiscountResult } from '../../../app/prices/set-discount.ts';
import type { CommitmentResult } from '../../../app/prices/set-commitment.ts';
import type { PublishResult } from '../../../app/prices/publish-prices.ts';
import type { QuoteRefusal } from '../../../domain/price/quote.ts';

type RefusalOf<Result> = Result extends { kind: 'refused'; refusal: infer Refusal } ? Refusal : never;

const reused = alreadyExists('request_id_reused', 'this request id was used with another body');

/** Refusals of those who set prices, as status codes. */
export function publishRefusal(refusal: RefusalOf<PublishResult>): GrpcRefusal {
  if (refusal.reason === 'request_id_reused') return reused;
  const { reason, price } = refusal;
  const { meter, region, item, accountId } = price;
  const about = { meter, region, item, account_id: accountId };
  switch (reason) {
    case 'meter_unknown':
      return invalidArgument(reason, 'there is no such meter', about);
    case 'amount_out_of_range':
      return invalidArgument(reason, 'amounts must be from 0 to what fits 64 bits', about);
    case 'per_quantity_out_of_range':
      return invalidArgument(reason, 'per_quantity must be positive and fit 64 bits', about);
    case 'tiers_missing':
      return invalidArgument(reason, 'this model needs tiers', about);
    case 'too_many_tiers':
      return invalidArgument(reason, 'a price has at most 20 tiers', about);
    case 'tiers_out_of_order':
      return invalidArgument(reason, 'tiers must rise, and only the last one has no end', about);
    case 'last_tier_has_an_end':
      return invalidArgument(reason, 'the last tier must have no end', about);
    case 'price_starts_before_previous':
      return failedPrecondition(reason, 'a version cannot start before the one before it', about);
    case 'price_starts_in_rated_past':
      return failedPrecondition(reason, 'usage after that time was rated already; say backdated to allow it', about);
    case 'price_gap':
      return failedPrecondition(reason, 'nothing would take the place of this price', about);
  }
}

export function discountRefusal({ reason }: RefusalOf<DiscountResult>): GrpcRefusal {
  switch (reason) {
    case 'request_id_reused':
      return reused;
    case 'basis_points_out_of_range':
      return invalidArgument(reason, 'basis_points must be from 0 to 10000');
    case 'discount_starts_in_past':
      return failedPrecondition(reason, 'a discount starts now or later');
    case 'wallet_not_found':
      return notFound(reason, 'this account has no wallet');
  }
}

export function commitmentRefusal({ reason }: RefusalOf<CommitmentResult>): GrpcRefusal {
  switch (reason) {
    case 'request_id_reused':
      return reused;
    case 'amount_out_of_range':
      return invalidArgument(reason, 'the amount must be positive');
    case 'month_invalid':
      return invalidArgument(
        reason,
        'months are written 2026-02; the first one must not have passed, nor follow the last',
      );
    case 'commitment_overlaps':
      return failedPrecondition(reason, 'the account has a commitment in one of these months');
    case 'wallet_not_found':
      return notFound(reason, 'this account has no wallet');
  }
}

export function quoteCheckRefusal(reason: QuoteRefusal): GrpcRefusal {
  switch (reason) {
    case 'quote_not_found':
    case 'quote_of_other_tenant':
      return notFound(reason, 'there is no such quote of this account');
    case 'quote_expired':
      return failedPrecondition(reason, 'the quote is no longer valid');
  }
}

export const quoteNotFound = notFound('QUOTE_NOT_FOUND', 'no such quote');
