import type {
  Commitment as CommitmentMessage,
  Discount as DiscountMessage,
  NewPrice as NewPriceMessage,
  Quote as QuoteMessage,
} from '@suanli/proto/suanli/billing/v1/price.ts';
import type { PriceModel as PriceModelMessage } from '@suanli/proto/suanli/billing/v1/price_model.ts';
import { grpcError, invalidArgument } from '@suanli/grpc-kit';
import type { Instant } from '@suanli/kernel';
import type { NewPrice } from '../../../app/prices/publish-prices.ts';
import type { NewCommitment } from '../../../app/prices/set-commitment.ts';
import type { NewDiscount } from '../../../app/prices/set-discount.ts';
import { parseMonth } from '../../../domain/calendar/calendar.ts';
import type { Commitment } from '../../../domain/price/commitment.ts';
import type { PriceModel, Tier } from '../../../domain/price/price-model.ts';
import type { Quote } from '../../../domain/price/quote.ts';
import { basisPointsOf, type Discount } from '../../../domain/price/rate.ts';
import { requireField } from '../require.ts';
import { priceMessage } from '../to-proto.ts';

const MAX_DISPLAY_CHARS = 200;

export function readNewPrice(message: NewPriceMessage, now: Instant): NewPrice {
  const { meter, region, item, accountId, amountMicros, perQuantity, display, effectiveFrom, backdated } = message;
  if (display.length > MAX_DISPLAY_CHARS) {
    throw grpcError(invalidArgument('DISPLAY_TOO_LONG', `at most ${MAX_DISPLAY_CHARS} characters`));
  }
  return {
    meter: requireField('meter', meter),
    region,
    item: requireField('item', item),
    ...(accountId !== '' && { accountId }),
    model: readModel(message.model),
    ...{ amountMicros, perQuantity, display },
    effectiveFrom: effectiveFrom?.getTime() ?? now,
    ...(backdated && { isBackdated: true }),
  };
}

function readModel(message: PriceModelMessage | undefined): PriceModel {
  const kind = message?.kind ?? 'unit';
  const tiers = (message?.tiers ?? []).map(
    ({ upTo, amountMicros, flatMicros }): Tier => ({
      ...(upTo !== undefined && { upTo }),
      amountMicros,
      ...(flatMicros !== 0n && { flatMicros }),
    }),
  );
  switch (kind) {
    case 'graduated':
    case 'volume':
      return { kind, tiers };
    case '':
    case 'unit':
      return { kind: 'unit' };
    case 'package':
    case 'flat':
    case 'withdrawn':
      return { kind };
    default:
      throw grpcError(invalidArgument('PRICE_MODEL_UNKNOWN', 'there is no such price model', { model: kind }));
  }
}

export function readDiscount(message: DiscountMessage | undefined, now: Instant): NewDiscount {
  const { accountId, meter, region, item, basisPoints, effectiveFrom } = requireField('discount', message);
  return {
    accountId: requireField('account_id', accountId),
    meter: meter === '' ? '*' : meter,
    region,
    item: item === '' ? '*' : item,
    basisPoints,
    effectiveFrom: effectiveFrom?.getTime() ?? now,
  };
}

export function readCommitment(message: CommitmentMessage | undefined): NewCommitment {
  const { accountId, monthlyMicros, fromMonth, untilMonth } = requireField('commitment', message);
  return {
    accountId: requireField('account_id', accountId),
    monthlyMicros,
    fromMonth: requireMonth('from_month', fromMonth),
    ...(untilMonth !== '' && { untilMonth: requireMonth('until_month', untilMonth) }),
  };
}

function requireMonth(field: string, text: string): string {
  const month = parseMonth(text);
  if (month === undefined) throw grpcError(invalidArgument('MONTH_INVALID', `${field} is a month, 2026-02`, { field }));
  return month;
}

export function discountMessage({ id, effectiveFrom, createdAt, ...discount }: Discount): DiscountMessage {
  return { ...discount, discountId: id, effectiveFrom: new Date(effectiveFrom), createdAt: new Date(createdAt) };
}

export function commitmentMessage({ id, createdAt, untilMonth = '', ...commitment }: Commitment): CommitmentMessage {
  return { ...commitment, commitmentId: id, untilMonth, createdAt: new Date(createdAt) };
}

export function quoteMessage(quote: Quote): QuoteMessage {
  return {
    quoteId: quote.id,
    lines: quote.lines.map(({ usage, rate, amountMicros, expectedMicros }) => ({
      ...usage,
      price: priceMessage(rate.price),
      discountId: rate.discount?.id ?? '',
      discountBasisPoints: basisPointsOf(rate),
      ...{ amountMicros, expectedMicros },
    })),
    holdMicros: quote.holdMicros,
    expectedMicros: quote.expectedMicros,
    currency: quote.currency,
    validUntil: new Date(quote.validUntil),
    createdAt: new Date(quote.createdAt),
  };
}
