import { failedPrecondition, type GrpcRefusal, invalidArgument, notFound } from '@suanli/grpc-kit';
import type { Quoted } from '../../domain/price/quote.ts';

/** The only place that turns refusals of the domain into status codes, beside those of an area. Holds are refused inside their batch instead. */
export function quoteRefusal({ reason, line }: Extract<Quoted, { kind: 'refused' }>): GrpcRefusal {
  const { meter, region, item } = line;
  switch (reason) {
    case 'price_not_found':
      return failedPrecondition(reason, 'there is no price for this', { meter, region, item });
    case 'quantity_out_of_range':
      return invalidArgument(reason, 'the quantity is negative or its price does not fit 64 bits', {
        meter,
        region,
        item,
      });
  }
}

export const billLineNotFound = notFound('BILL_LINE_NOT_FOUND', 'no such bill line');
export const holdNotFound = notFound('HOLD_NOT_FOUND', 'no such hold');
