import { CURRENCY, type Instant, type Micros } from '@suanli/kernel';
import { refuseFen } from './recharge.ts';

/** Why a payment that has arrived is in nobody's wallet yet. */
type UnmatchedReason = 'unknown_reference' | 'amount_mismatch' | 'currency_mismatch' | 'wallet_full';

/** A payment that arrived at the platform, as its channel tells of it. */
export type IncomingPayment = {
  id: string;
  channel: string;
  /** The channel's own number of it; unique in its channel. */
  serialNumber: string;
  amountMicros: Micros;
  currency: string;
  /** Who paid, as the bank writes it. */
  payer: string;
  /** The note of the transfer. */
  note: string;
  /** When the bank booked it. */
  bookedAt: Instant;
  state: 'booked' | 'unmatched';
  reason: UnmatchedReason | '';
  /** The recharge that it belongs to; empty while nobody knows. */
  rechargeId: string;
  createdAt: Instant;
  updatedAt: Instant;
};

/** A transfer into the bank account of the platform, as an operator or a bank feed tells it. */
export type BankTransfer = Pick<
  IncomingPayment,
  'serialNumber' | 'amountMicros' | 'currency' | 'payer' | 'note' | 'bookedAt'
>;

export type BankTransferRefusalReason =
  | 'amount_out_of_range'
  | 'amount_not_whole_fen'
  | 'currency_not_supported'
  | 'serial_number_invalid'
  | 'booked_at_in_future'
  | 'serial_number_reused'
  | 'recharge_channel_unavailable';

export type AssignRefusalReason =
  | 'payment_not_found'
  | 'wallet_not_found'
  | 'payment_assigned'
  | 'payment_of_another_account'
  | 'currency_not_supported'
  | 'amount_out_of_range';

const SERIAL = /^[\x21-\x7e]{1,128}$/;
/** A bank's day may have begun where ours has not. */
const MAX_AHEAD_MS = 24 * 3_600_000;

/** What is wrong with a told transfer by itself; absent when nothing is. */
export function refuseBankTransfer(transfer: BankTransfer, now: Instant): BankTransferRefusalReason | undefined {
  if (!SERIAL.test(transfer.serialNumber)) return 'serial_number_invalid';
  if (transfer.currency !== CURRENCY) return 'currency_not_supported';
  if (transfer.bookedAt > now + MAX_AHEAD_MS) return 'booked_at_in_future';
  return refuseFen(transfer.amountMicros);
}

/** The fields in which a second telling of a serial number differs from the first, in the API's words. */
export function differingFields(known: BankTransfer, told: BankTransfer): string[] {
  const fields = [
    ['amount_micros', known.amountMicros === told.amountMicros],
    ['currency', known.currency === told.currency],
    ['payer', known.payer === told.payer],
    ['reference', known.note === told.note],
    ['booked_at', known.bookedAt === told.bookedAt],
  ] as const;
  return fields.filter(([, isSame]) => !isSame).map(([name]) => name);
}
