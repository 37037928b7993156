import type { Instant, Micros, TenantPath } from '@suanli/kernel';
import { MAX_AMOUNT_MICROS } from '../hold/hold.ts';

/**
 * `created`: known to us alone. `pending`: the payer has been told how to pay. `succeeded`: money has arrived.
 * `failed` and `expired` end the offer, not the truth: money that arrives afterwards is booked all the same.
 */
export type RechargeStatus = 'created' | 'pending' | 'succeeded' | 'failed' | 'expired';
export const RECHARGE_STATUSES: readonly RechargeStatus[] = ['created', 'pending', 'succeeded', 'failed', 'expired'];

/** A wish to put money into a wallet through one channel, and what has become of it. */
export type Recharge = {
  id: string;
  walletId: string;
  tenant: TenantPath;
  channel: string;
  /** What was asked for. What arrived is `receivedMicros`. */
  amountMicros: Micros;
  currency: string;
  status: RechargeStatus;
  /** What the payer writes into the note of a transfer; unique in its channel. */
  reference: string;
  /** The provider's own id of the payment; empty until it is known. */
  providerId: string;
  /** How to pay, in the words of the channel: payee and reference, or a client secret. */
  instructions: Readonly<Record<string, string>>;
  /** Why it failed or waits for an operator; empty otherwise. */
  reason: string;
  receivedMicros: Micros;
  /** Gone back to the payer. */
  refundedMicros: Micros;
  /** Taken back by the payer's bank. */
  disputedMicros: Micros;
  /** When the offer ends. */
  expiresAt: Instant;
  /** When the provider is asked next; absent when nothing can change any more. */
  nextCheckAt?: Instant;
  checkCount: number;
  version: bigint;
  createdAt: Instant;
  updatedAt: Instant;
};

/**
 * `receipt`: money came in. `refund` and `dispute`: it went back. `…_returned`: what went back came in again, because
 * the refund failed or the dispute was won.
 */
export type MovementKind = 'receipt' | 'refund' | 'refund_returned' | 'dispute' | 'dispute_returned';

/** One proven movement of money between a channel and a wallet. Immutable. */
export type RechargeMovement = {
  id: string;
  rechargeId: string;
  walletId: string;
  channel: string;
  /** The channel's own number of the movement; unique in its channel, so that nothing is ever booked twice. */
  serialNumber: string;
  kind: MovementKind;
  amountMicros: Micros;
  /** The part that went into or out of the wallet; 0 for a refund whose money a payout has moved already. */
  walletMicros: Micros;
  /** The part that the wallet did not have: the account owes it. */
  owedMicros: Micros;
  createdAt: Instant;
};

/** A bank's smallest unit. */
export const FEN_MICROS: Micros = 10_000n;

export type RechargeRefusalReason =
  | 'recharge_channel_unavailable'
  | 'amount_out_of_range'
  | 'amount_not_whole_fen'
  | 'currency_not_supported'
  | 'request_id_reused'
  | 'serial_number_reused';
export type RechargeRefusal = { reason: RechargeRefusalReason };

export function isRechargeAmount(micros: Micros): boolean {
  return micros > 0n && micros <= MAX_AMOUNT_MICROS;
}

/** Why a channel that pays in fen cannot carry an amount; absent when it can. */
export function refuseFen(
  micros: Micros,
  maxMicros: Micros = MAX_AMOUNT_MICROS,
): 'amount_out_of_range' | 'amount_not_whole_fen' | undefined {
  if (!isRechargeAmount(micros) || micros > maxMicros) return 'amount_out_of_range';
  return micros % FEN_MICROS === 0n ? undefined : 'amount_not_whole_fen';
}

/** What can still go back to the payer. */
export function refundableMicros(recharge: Recharge): Micros {
  const left = recharge.receivedMicros - recharge.refundedMicros - recharge.disputedMicros;
  return left > 0n ? left : 0n;
}
