import { alreadyExists, failedPrecondition, type GrpcRefusal, invalidArgument, notFound } from '@suanli/grpc-kit';
import type { Quote } from '../../domain/price/quote.ts';
import type { RechargeRefusal } from '../../domain/recharge/decide-recharge.ts';

/** The only place that turns refusals of the domain into status codes. Holds are refused inside their batch instead. */
export function rechargeRefusal({ reason }: RechargeRefusal): GrpcRefusal {
  switch (reason) {
    case 'recharge_channel_unavailable':
      return failedPrecondition(reason, 'this recharge channel is not available here');
    case 'amount_out_of_range':
      return invalidArgument(reason, 'the amount must be positive and at most 1,000,000,000 yuan');
    case 'currency_not_supported':
      return invalidArgument(reason, 'wallets are kept in CNY');
    case 'request_id_reused':
      return alreadyExists(reason, 'this request id was used with another body');
    case 'serial_number_reused':
      return alreadyExists(reason, 'this payment was booked by another request');
  }
}

export function quoteRefusal({ reason, line }: Extract<Quote, { kind: 'refused' }>): GrpcRefusal {
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
