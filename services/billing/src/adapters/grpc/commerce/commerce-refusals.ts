import { alreadyExists, failedPrecondition, type GrpcRefusal, invalidArgument, notFound } from '@suanli/grpc-kit';
import type { PayRefusal } from '../../../domain/ledger/pay.ts';
import type { PlanRefusal } from '../../../domain/plan/decide-change.ts';
import type { RefundRefusal } from '../../../domain/refund/refund.ts';

export function planRefusal(refusal: PlanRefusal | PayRefusal): GrpcRefusal {
  const { reason } = refusal;
  switch (reason) {
    case 'plan_not_found':
      return notFound(reason, 'no such plan is on sale');
    case 'quantity_out_of_range':
      return invalidArgument(reason, 'the quantity must be a whole number from 1 to 1,000');
    case 'subscription_not_found':
      return notFound(reason, 'no such subscription');
    case 'subscription_ended':
      return failedPrecondition(reason, 'the subscription has ended');
    case 'plan_change_not_allowed':
      return failedPrecondition(reason, 'only another plan or quantity of the same family and period can follow');
    case 'request_id_reused':
      return alreadyExists(reason, 'this request id was used with another body');
    case 'insufficient_funds':
    case 'account_frozen':
    case 'budget_exceeded':
    case 'wallet_not_found':
    case 'amount_out_of_range':
      return failedPrecondition(reason, MONEY[reason], { missingMicros: missingOf(refusal) });
  }
}

const MONEY = {
  insufficient_funds: 'the wallet does not cover it',
  account_frozen: 'the account is frozen',
  budget_exceeded: 'a budget does not allow it',
  wallet_not_found: 'the account has no wallet',
  amount_out_of_range: 'the amount is out of range',
} as const;

function missingOf(refusal: PlanRefusal | PayRefusal): bigint {
  return 'missingMicros' in refusal ? refusal.missingMicros : 0n;
}

export function refundRefusal({ reason, missingMicros = 0n }: RefundRefusal): GrpcRefusal {
  switch (reason) {
    case 'refund_not_found':
      return notFound(reason, 'no such refund');
    case 'refund_target_not_found':
      return notFound(reason, 'there is nothing of that id that money could come back of');
    case 'refund_exceeds_payment':
      return failedPrecondition(reason, 'more than what was paid and has not come back');
    case 'refund_already_decided':
      return failedPrecondition(reason, 'this payout was decided before');
    case 'refund_expired':
      return failedPrecondition(reason, 'this payout waited too long: its money is in the wallet again');
    case 'recharge_channel_unavailable':
      return failedPrecondition(reason, 'the channel of this recharge is not available here');
    case 'insufficient_cash':
      return failedPrecondition(reason, 'the wallet has less free cash', { missingMicros });
    case 'account_frozen':
      return failedPrecondition(reason, 'the account is frozen', { missingMicros });
    case 'amount_out_of_range':
      return invalidArgument(reason, 'the amount must be positive and within what the channel carries');
    case 'amount_not_whole_fen':
      return invalidArgument(reason, 'the channel carries whole fen only');
    case 'request_id_reused':
      return alreadyExists(reason, 'this request id was used with another body');
  }
}

export const orderNotFound = notFound('ORDER_NOT_FOUND', 'no such order');
export const subscriptionNotFound = notFound('SUBSCRIPTION_NOT_FOUND', 'no such subscription');
export const refundNotFound = notFound('REFUND_NOT_FOUND', 'no such refund');
export const invoiceNotFound = notFound('INVOICE_NOT_FOUND', 'no such invoice');
export const statementNotFound = notFound('STATEMENT_NOT_FOUND', 'there is no statement of that month');
export const nothingToInvoice = failedPrecondition(
  'NOTHING_TO_INVOICE',
  'everything consumed is on a document already',
);
export const requestIdReused = alreadyExists('REQUEST_ID_REUSED', 'this request id was used with another body');
export const documentTooLong = failedPrecondition(
  'DOCUMENT_TOO_LONG',
  'more lines than a PDF takes: read them as JSON or CSV',
);
