import { CURRENCY } from '@suanli/kernel';
import type { QuoteJobResponse } from '@suanli/proto/suanli/scheduler/v1/job.ts';
import type { JobQuote } from '../../app/jobs/quote-job.ts';

export function toProtoQuote({ options, promised }: JobQuote): QuoteJobResponse {
  return {
    options: options.map(({ region, clusterId, sku, price, expectedTotalMicros, holdMicros, fitsNow, reason }) => ({
      ...{ region, clusterId, sku, expectedTotalMicros, holdMicros, fitsNow, reason },
      priceAmountMicros: price.amountMicros,
      pricePerQuantity: price.perQuantity,
      priceId: price.priceId,
    })),
    currency: CURRENCY,
    // Its lines are billing's to tell.
    quote: promised && {
      ...promised,
      lines: [],
      currency: CURRENCY,
      validUntil: new Date(promised.validUntil),
      createdAt: undefined,
    },
    startTime: undefined,
    startTimeReason: {
      code: 'start_time_unknown',
      message: 'The scheduler keeps no record of past waits.',
      details: {},
    },
  };
}
