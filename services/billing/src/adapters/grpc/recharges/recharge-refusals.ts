import {
  alreadyExists,
  failedPrecondition,
  grpcError,
  type GrpcRefusal,
  invalidArgument,
  notFound,
  unavailable,
} from '@suanli/grpc-kit';
import { ProviderUnavailable } from '../../../app/recharges/ports.ts';
import type { WebhookOutcome } from '../../../app/recharges/receive-webhook.ts';
import type { AssignRefusalReason, BankTransferRefusalReason } from '../../../domain/recharge/incoming-payment.ts';
import type { RechargeRefusal } from '../../../domain/recharge/recharge.ts';

/** Refusals of recharges, bank transfers and webhooks as status codes. */

const CHANNEL = 'this recharge channel is not available here';
const AMOUNT = 'the amount must be positive, at most 1,000,000,000 yuan, and within what the channel carries';
const FEN = 'this channel carries whole fen: multiples of 10,000 micro-yuan';
const CURRENCY = 'wallets are kept in CNY';

export function rechargeRefusal({ reason }: RechargeRefusal): GrpcRefusal {
  switch (reason) {
    case 'recharge_channel_unavailable':
      return failedPrecondition(reason, CHANNEL);
    case 'amount_out_of_range':
      return invalidArgument(reason, AMOUNT);
    case 'amount_not_whole_fen':
      return invalidArgument(reason, FEN);
    case 'currency_not_supported':
      return invalidArgument(reason, CURRENCY);
    case 'request_id_reused':
      return alreadyExists(reason, 'this request id was used with another body');
    case 'serial_number_reused':
      return alreadyExists(reason, 'this payment was booked by another request');
  }
}

const BANK_TRANSFER_MESSAGES: Readonly<Record<BankTransferRefusalReason, string>> = {
  recharge_channel_unavailable: CHANNEL,
  amount_out_of_range: AMOUNT,
  amount_not_whole_fen: FEN,
  currency_not_supported: CURRENCY,
  serial_number_invalid: 'a serial number is 1 to 128 visible ASCII characters',
  booked_at_in_future: 'no bank has booked that yet: booked_at is more than a day ahead',
  serial_number_reused: 'another transfer was told under this serial number',
};

/** Inside a batch a refusal is a value of its own. */
export function bankTransferRefusal(reason: BankTransferRefusalReason, fields: readonly string[] = []) {
  return { reason: reason.toUpperCase(), message: BANK_TRANSFER_MESSAGES[reason], fields: [...fields] };
}

export function assignRefusal(reason: AssignRefusalReason): GrpcRefusal {
  switch (reason) {
    case 'payment_not_found':
      return notFound(reason, 'no such payment');
    case 'wallet_not_found':
      return failedPrecondition(reason, 'that account has no wallet');
    case 'payment_assigned':
      return failedPrecondition(reason, 'this payment was given to another account');
    case 'payment_of_another_account':
      return failedPrecondition(reason, 'the recharge of this payment is of another account');
    case 'currency_not_supported':
      return failedPrecondition(reason, CURRENCY);
    case 'amount_out_of_range':
      return failedPrecondition(reason, 'the wallet cannot hold that much more');
  }
}

type WebhookRefusal = Extract<WebhookOutcome, { kind: 'refused' }>['reason'];

export function webhookRefusal(reason: WebhookRefusal): GrpcRefusal {
  switch (reason) {
    case 'recharge_channel_unavailable':
      return failedPrecondition(reason, CHANNEL);
    case 'webhook_signature_invalid':
      return invalidArgument(reason, 'no known secret has signed this');
    case 'webhook_signature_expired':
      return invalidArgument(reason, 'this was signed too long ago');
    case 'webhook_signature_in_future':
      return invalidArgument(reason, 'this was signed in the future');
    case 'webhook_body_invalid':
      return invalidArgument(reason, 'the signature is right, but the body is no event');
  }
}

/** A provider that is away is nobody's mistake: the same call may succeed later. */
export async function askingProvider<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof ProviderUnavailable)) throw error;
    throw grpcError(unavailable('PROVIDER_UNAVAILABLE', 'the payment provider does not answer; try again'));
  }
}

export const rechargeNotFound = notFound('RECHARGE_NOT_FOUND', 'no such recharge');
