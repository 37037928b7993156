import { CURRENCY } from '@suanli/kernel';
import type { QuoteJobResponse } from '@suanli/proto/suanli/scheduler/v1/job.ts';
import type { QuoteOption } from '../../app/jobs/quote-job.ts';

export function toProtoQuote(options: readonly QuoteOption[]): QuoteJobResponse {
  return {
    options: options.map(({ region, clusterId, sku, price, expectedTotalMicros, holdMicros, fitsNow, reason }) => ({
      ...{ region, clusterId, sku, expectedTotalMicros, holdMicros, fitsNow, reason },
      priceAmountMicros: price.amountMicros,
      pricePerQuantity: price.perQuantity,
      priceId: price.priceId,
    })),
    currency: CURRENCY,
  };
}
