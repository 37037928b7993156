import {
  alreadyExists,
  failedPrecondition,
  type GrpcRefusal,
  invalidArgument,
  notFound,
  resourceExhausted,
} from '@suanli/grpc-kit';
import type { GrantResult } from '../../../app/lots/grant-credit.ts';
import type { VouchersResult } from '../../../app/vouchers/create-vouchers.ts';
import type { RedeemRefusal } from '../../../app/vouchers/redeem-voucher.ts';
import { MAX_APPLICABLE } from '../../../domain/lot/grant-lot.ts';
import { MAX_PRIORITY, MIN_PRIORITY } from '../../../domain/lot/lot.ts';

type GrantReason = Extract<GrantResult, { kind: 'refused' }>['reason'];
type VouchersReason = Extract<VouchersResult, { kind: 'refused' }>['reason'];

/** Refusals of what operators do with credit, as status codes. */
export function creditRefusal(reason: GrantReason | VouchersReason): GrpcRefusal {
  switch (reason) {
    case 'wallet_not_found':
      return notFound(reason, 'this account has no wallet');
    case 'account_frozen':
      return failedPrecondition(reason, 'the wallet is frozen');
    case 'amount_out_of_range':
      return invalidArgument(reason, 'the amount must be positive and at most 1,000,000,000 yuan');
    case 'priority_out_of_range':
      return invalidArgument(reason, `a priority is from ${MIN_PRIORITY} to ${MAX_PRIORITY}`);
    case 'count_out_of_range':
      return invalidArgument(reason, 'a count or a number of days is out of its range');
    case 'expiry_in_past':
      return invalidArgument(reason, 'the end must lie ahead, and after the beginning');
    case 'applicability_too_long':
      return invalidArgument(reason, `at most ${MAX_APPLICABLE} products, items or regions`);
    case 'reason_missing':
      return invalidArgument(reason, 'a name and a reason in words are needed');
    case 'request_id_reused':
      return alreadyExists(reason, 'this request id was used with another body');
  }
}

/** Refusals of a voucher code, each told apart: a typo is no stranger's code, and one's own is no other's. */
export function redeemRefusal(refusal: RedeemRefusal): GrpcRefusal {
  const { reason } = refusal;
  switch (reason) {
    case 'voucher_code_malformed':
      return invalidArgument(reason, 'this is no voucher code: look for a typing mistake');
    case 'voucher_unknown':
      return notFound(reason, 'no such voucher');
    case 'voucher_withdrawn':
      return failedPrecondition(reason, 'this voucher was withdrawn');
    case 'voucher_not_yet_valid':
      return failedPrecondition(reason, 'this voucher is not valid yet');
    case 'voucher_expired':
      return failedPrecondition(reason, 'this voucher has expired');
    case 'voucher_already_redeemed':
      return failedPrecondition(reason, 'this account has redeemed this voucher');
    case 'voucher_used':
      return failedPrecondition(reason, 'this voucher was redeemed by another account');
    case 'voucher_exhausted':
      return failedPrecondition(reason, 'this voucher was redeemed as often as it may be');
    case 'voucher_limit_reached':
      return failedPrecondition(reason, 'this account has redeemed as many vouchers of this kind as it may');
    case 'voucher_attempts_exceeded':
      return resourceExhausted(reason, 'too many codes were tried in vain', { retry_after_ms: refusal.retryAfterMs });
    case 'account_frozen':
    case 'amount_out_of_range':
    case 'applicability_too_long':
    case 'expiry_in_past':
    case 'priority_out_of_range':
    case 'request_id_reused':
    case 'wallet_not_found':
      return creditRefusal(reason);
  }
}

export const creditLotNotFound = notFound('CREDIT_LOT_NOT_FOUND', 'no such credit lot');
export const voucherBatchNotFound = notFound('VOUCHER_BATCH_NOT_FOUND', 'no such batch of vouchers');
