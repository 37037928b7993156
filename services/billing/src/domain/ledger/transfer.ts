import { type Instant, invariant, type Micros } from '@suanli/kernel';

/** Accounts of the platform: their balances are derived from entries, so no row of theirs is ever locked. */
export const REVENUE = 'platform:revenue';
/** Bears usage that no customer's money covers. */
export const WRITE_OFF = 'platform:write_off';
/** What customers owe since money that they had spent was taken back by the payer's bank. */
export const RECEIVABLE = 'platform:receivable';
/** Gets what credit lots had left when they expired. */
export const BREAKAGE = 'platform:breakage';
/** Gives the credit of one kind of lot. */
export const CREDIT_SOURCE = {
  promotional: 'platform:credit:promotional',
  voucher: 'platform:credit:voucher',
  compensation: 'platform:credit:compensation',
} as const;

/** Money on its way out through one recharge channel. */
export function refundsAccount(channel: string): string {
  return `platform:refunds:${channel}`;
}

/** Money on its way in through one recharge channel. */
export function clearingAccount(channel: string): string {
  return `platform:clearing:${channel}`;
}

/**
 * Two phases: `pending` reserves, `post_pending` turns a part of the reserve into a payment, `void_pending` gives a part
 * back; `post` pays at once; `reversal` pays back the whole of an earlier payment, once.
 */
export type TransferKind = 'post' | 'pending' | 'post_pending' | 'void_pending' | 'reversal';
/** Why the money moves. `movement` is a transfer that a service ordered through the ledger's own door. */
export type TransferCode =
  | 'recharge'
  | 'hold'
  | 'charge'
  | 'release'
  | 'expiry'
  | 'write_off'
  | 'movement'
  | 'reversal'
  | 'purchase'
  | 'refund'
  | 'compensation'
  | 'payout'
  | 'grant'
  | 'breakage'
  | 'recharge_refund'
  | 'chargeback'
  | 'recharge_returned'
  | 'debt_repayment';

/** The part of a transfer that is of one credit lot of the wallet it touches. */
export type LotPart = { lotId: string; amountMicros: Micros };

/** One movement of `amountMicros` from one account to another. Immutable: what was wrong is met by another transfer. */
export type Transfer = {
  id: string;
  kind: TransferKind;
  code: TransferCode;
  fromAccountId: string;
  toAccountId: string;
  amountMicros: Micros;
  /** The hold whose reserve it makes, uses or gives back; absent on `post` and `reversal`. */
  holdId?: string;
  /** The payment that it pays back; on `reversal` alone. */
  reversalOf?: string;
  /** What it was for: the id of a bill line, a recharge or a hold. */
  reference: string;
  /** How much of it is of which credit lots, each named once; the rest is cash. Absent when all of it is. */
  lotParts?: readonly LotPart[];
  createdAt: Instant;
};

/** What one transfer does to one account, signed as that account sees it: money that leaves, or is about to, is negative. */
export type Leg = { accountId: string; postedMicros: Micros; pendingMicros: Micros };

/** Checks what every transfer promises, and returns it. */
export function transferOf(transfer: Transfer): Transfer {
  invariant(transfer.amountMicros > 0n, `transfer ${transfer.id} moves nothing`);
  invariant(transfer.fromAccountId !== transfer.toAccountId, `transfer ${transfer.id} has one account on both sides`);
  invariant(isOnePhase(transfer.kind) === (transfer.holdId === undefined), `transfer ${transfer.id} and its hold`);
  invariant(
    (transfer.kind === 'reversal') === (transfer.reversalOf !== undefined),
    `transfer ${transfer.id} and what it reverses`,
  );
  const { lotParts } = transfer;
  invariant(
    lotParts === undefined || areParts(lotParts, transfer.amountMicros),
    `transfer ${transfer.id} and its lots`,
  );
  return transfer;
}

function areParts(parts: readonly LotPart[], amountMicros: Micros): boolean {
  const lotIds = new Set(parts.map((part) => part.lotId));
  return parts.every((part) => part.amountMicros > 0n) && lotIds.size === parts.length && sumOf(parts) <= amountMicros;
}

/** What the parts add up to. */
export function sumOf(parts: readonly LotPart[]): Micros {
  return parts.reduce((sum, part) => sum + part.amountMicros, 0n);
}

function isOnePhase(kind: TransferKind): boolean {
  return kind === 'post' || kind === 'reversal';
}

/** The two legs of a transfer. They mirror each other, so they sum to zero whatever the kind. */
export function legsOf(transfer: Transfer): readonly [Leg, Leg] {
  const { postedMicros, pendingMicros } = effectOn(transfer.kind, transfer.amountMicros);
  return [
    { accountId: transfer.fromAccountId, postedMicros: -postedMicros, pendingMicros: -pendingMicros },
    { accountId: transfer.toAccountId, postedMicros, pendingMicros },
  ];
}

function effectOn(kind: TransferKind, amount: Micros): { postedMicros: Micros; pendingMicros: Micros } {
  switch (kind) {
    case 'post':
    case 'reversal':
      return { postedMicros: amount, pendingMicros: 0n };
    case 'pending':
      return { postedMicros: 0n, pendingMicros: amount };
    case 'post_pending':
      return { postedMicros: amount, pendingMicros: -amount };
    case 'void_pending':
      return { postedMicros: 0n, pendingMicros: -amount };
  }
}
