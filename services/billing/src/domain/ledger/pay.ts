import type { Micros } from '@suanli/kernel';
import { MAX_AMOUNT_MICROS } from '../hold/hold.ts';
import type { SpendScope } from '../lot/spend-scope.ts';
import type { LedgerBatch } from './ledger-batch.ts';
import { REVENUE, type Transfer, type TransferCode, transferOf } from './transfer.ts';
import { availableMicros } from './wallet.ts';

export type { SpendScope };

export type PayRefusal = {
  reason: 'wallet_not_found' | 'account_frozen' | 'amount_out_of_range' | 'insufficient_funds';
  /** How much more money it would take; 0 where money is not the matter. */
  missingMicros: Micros;
};
export type PayDecision = { kind: 'paid'; transfers: Transfer[] } | { kind: 'refused'; refusal: PayRefusal };

/** A payment out of a wallet, at once and whole. */
export type Payment = {
  accountId: string;
  amountMicros: Micros;
  scope: SpendScope;
  code: TransferCode;
  /** Who gets it; the platform's revenue unless named. */
  toAccountId?: string;
  /** What it was for: the id of an order, a subscription … */
  reference: string;
};

/** Pays out of the wallet of an account whose lock the batch has, or refuses and changes nothing. */
export function payNow(batch: LedgerBatch, payment: Payment): PayDecision {
  const { accountId, amountMicros, code, toAccountId = REVENUE, reference } = payment;
  const wallet = batch.walletOf(accountId);
  if (wallet === undefined) return refused('wallet_not_found');
  if (!isAmount(amountMicros)) return refused('amount_out_of_range');
  if (wallet.status === 'frozen') return refused('account_frozen');
  const missingMicros = amountMicros - availableMicros(wallet);
  if (missingMicros > 0n) return refused('insufficient_funds', missingMicros);
  return move(batch, { code, reference, amountMicros, fromAccountId: wallet.id, toAccountId });
}

/** A payment into a wallet: a refund, a grant, a correction. */
export type Gift = {
  accountId: string;
  amountMicros: Micros;
  code: TransferCode;
  /** Who gives it; the platform's revenue unless named. */
  fromAccountId?: string;
  reference: string;
};

/** Pays into the wallet of an account whose lock the batch has. A frozen wallet takes money too. */
export function giveNow(batch: LedgerBatch, gift: Gift): PayDecision {
  const { accountId, amountMicros, code, fromAccountId = REVENUE, reference } = gift;
  const wallet = batch.walletOf(accountId);
  if (wallet === undefined) return refused('wallet_not_found');
  if (!isAmount(amountMicros)) return refused('amount_out_of_range');
  return move(batch, { code, reference, amountMicros, fromAccountId, toAccountId: wallet.id });
}

type Movement = Pick<Transfer, 'code' | 'reference' | 'amountMicros' | 'fromAccountId' | 'toAccountId'>;

function move(batch: LedgerBatch, movement: Movement): PayDecision {
  const transfer = transferOf({ id: batch.newId('trf'), kind: 'post', ...movement, createdAt: batch.now });
  batch.apply({ transfers: [transfer] });
  return { kind: 'paid', transfers: [transfer] };
}

function isAmount(micros: Micros): boolean {
  return micros > 0n && micros <= MAX_AMOUNT_MICROS;
}

function refused(reason: PayRefusal['reason'], missingMicros: Micros = 0n): PayDecision {
  return { kind: 'refused', refusal: { reason, missingMicros } };
}
