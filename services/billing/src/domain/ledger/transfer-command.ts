import type { Micros } from '@suanli/kernel';
import type { Transfer } from './transfer.ts';

/** What a caller may order of the ledger. */
export type TransferAction =
  /** Pays at once. */
  | { kind: 'post'; fromAccountId: string; toAccountId: string; amountMicros: Micros }
  /** Reserves in a wallet, for the platform's revenue, until it is posted, voided or `timeoutMs` have passed. */
  | { kind: 'pending'; fromAccountId: string; amountMicros: Micros; timeoutMs: number }
  /** Turns a part of a reserve into a payment: several times, never above it. */
  | { kind: 'post_pending'; pendingId: string; amountMicros: Micros }
  /** Gives back what a reserve has left. */
  | { kind: 'void_pending'; pendingId: string }
  /** Pays back the whole of an earlier `post`, once. */
  | { kind: 'reversal'; reversalOf: string };

/** One order. Its id becomes the id of the transfer and is what makes it happen once. */
export type TransferCommand = {
  transferId: string;
  currency: string;
  /** What it is for, for people and audits. */
  reference: string;
  action: TransferAction;
};

/**
 * Why an order changed nothing. When several apply, the first of this list is told. The `exists_with_different_…` say that
 * the id was used before for another order, and in what it differs first.
 */
export const TRANSFER_REFUSALS = [
  'exists_with_different_kind',
  'exists_with_different_pending',
  'exists_with_different_accounts',
  'exists_with_different_amount',
  'exists_with_different_timeout',
  'exists_with_different_reference',
  'currency_not_supported',
  'amount_out_of_range',
  'timeout_out_of_range',
  'accounts_are_the_same',
  'account_not_found',
  'account_frozen',
  'pending_not_found',
  'pending_expired',
  'pending_already_voided',
  'pending_already_posted',
  'exceeds_pending_amount',
  'transfer_not_found',
  'transfer_is_a_reversal',
  'transfer_not_reversible',
  'transfer_already_reversed',
  'exceeds_credits',
] as const;
export type TransferRefusalReason = (typeof TRANSFER_REFUSALS)[number];

/** A "no" to one order. `missingMicros` is how much more money it would take, 0 where money is not the matter. */
export type TransferRefusal = { reason: TransferRefusalReason; missingMicros: Micros };

export type TransferOutcome =
  /** Booked now. */
  | { kind: 'created'; transfer: Transfer }
  /** The same order was booked before. */
  | { kind: 'exists'; transfer: Transfer }
  | { kind: 'refused'; refusal: TransferRefusal };

/** The answer to one order of a batch; one refusal does not touch the others. */
export type TransferResult = { transferId: string; outcome: TransferOutcome };

/** A reserve made by the ledger's own door, as its hold names it: no usage is captured from it. */
export const TRANSFER_PURPOSE = 'transfer';
/** Longest reserve: what waits longer is an agreement, not a transfer. */
export const MAX_TIMEOUT_MS = 30 * 86_400_000;
