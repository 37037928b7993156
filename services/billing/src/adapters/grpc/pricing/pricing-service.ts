import { internalHandler, refuse, unary } from '@suanli/grpc-kit';
import { CURRENCY } from '@suanli/kernel';
import { PricingServiceService, type PricingServiceServer } from '@suanli/proto/suanli/billing/internal/v1/ledger.ts';
import type { BillingDeps } from '../../../app/ports.ts';
import { quote } from '../../../app/prices/quote.ts';
import { dearestMicros } from '../../../domain/price/price-model.ts';
import { quoteRefusal } from '../refusals.ts';
import { requireBatch } from '../require.ts';

const MAX_LINES = 200;

/** What usage would cost, for services that must know before they hold money for it. */
export function pricingService(deps: BillingDeps) {
  const implementation: PricingServiceServer = {
    quoteUsage: unary(internalHandler({ callers: ['gateway', 'scheduler'] }), async (_ctx, { lines }) => {
      const quoted = await quote(deps, requireBatch(lines, MAX_LINES));
      if (quoted.kind === 'refused') return refuse(quoteRefusal(quoted));
      return {
        lines: quoted.lines.map(({ usage, rate, amountMicros }) => ({
          usage,
          priceId: rate.price.id,
          priceVersion: rate.price.version,
          priceAmountMicros: dearestMicros(rate.price),
          pricePerQuantity: rate.price.perQuantity,
          amountMicros,
        })),
        totalMicros: quoted.totalMicros,
        currency: CURRENCY,
      };
    }),
  };
  return { definition: PricingServiceService, implementation };
}
