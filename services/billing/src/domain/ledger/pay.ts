import type { Micros, TenantPath } from '@suanli/kernel';
import type { Spend, Spender } from '../budget/budget.ts';
import type { BudgetShortfall } from '../budget/budget-book.ts';
import { MAX_AMOUNT_MICROS } from '../hold/hold.ts';
import { partsOf, spendableMicros, withLotParts } from '../lot/purse.ts';
import type { SpendScope } from '../lot/spend-scope.ts';
import type { LedgerBatch } from './ledger-batch.ts';
import { REVENUE, type Transfer, type TransferCode, transferOf } from './transfer.ts';

export type { SpendScope };

export type PayRefusal = {
  reason: 'wallet_not_found' | 'account_frozen' | 'amount_out_of_range' | 'insufficient_funds' | 'budget_exceeded';
  /** How much more money it would take; 0 where money is not the matter. */
  missingMicros: Micros;
  /** Which budget has no room, for `budget_exceeded`. */
  budget?: BudgetShortfall;
};
export type PayDecision = { kind: 'paid'; transfers: Transfer[] } | { kind: 'refused'; refusal: PayRefusal };

/** A payment out of a wallet, at once and whole. */
export type Payment = {
  accountId: string;
  amountMicros: Micros;
  scope: SpendScope;
  /** Who buys, for budgets of workspaces and keys; the account itself unless named. */
  tenant?: TenantPath;
  code: TransferCode;
  /** Who gets it; the platform's revenue unless named. */
  toAccountId?: string;
  /** What it was for: the id of an order, a subscription … */
  reference: string;
};

/**
 * Pays out of the wallet of an account whose lock the batch has, credit that applies first, then cash; or refuses and
 * changes nothing.
 */
export function payNow(batch: LedgerBatch, payment: Payment): PayDecision {
  const { accountId, amountMicros, scope, code, toAccountId = REVENUE, reference } = payment;
  const purse = batch.purseOf(accountId);
  if (purse === undefined) return refused('wallet_not_found');
  if (!isAmount(amountMicros)) return refused('amount_out_of_range');
  if (purse.wallet.status === 'frozen') return refused('account_frozen');
  const missingMicros = amountMicros - spendableMicros(purse, scope, batch.now);
  if (missingMicros > 0n) return refused('insufficient_funds', missingMicros);
  const spender: Spender = { tenant: payment.tenant ?? { accountId, workspaceId: '', principalId: '-' }, scope };
  const over = batch.budgets.shortfall(spender, amountMicros);
  if (over !== undefined) return { kind: 'refused', refusal: over };
  const parts = partsOf(amountMicros, purse, scope, batch.now);
  const sides = { fromAccountId: purse.wallet.id, toAccountId };
  return move(batch, { code, reference, amountMicros, ...sides, ...withLotParts(parts) }, { spender, amountMicros });
}

/** A payment of cash into a wallet: a refund, a correction. Credit is granted by `grantLot`. */
export type Gift = {
  accountId: string;
  amountMicros: Micros;
  code: TransferCode;
  /** Who gives it; the platform's revenue unless named. */
  fromAccountId?: string;
  /** Whose spending it takes back, for budgets; absent when it was not spent. */
  spender?: Spender;
  reference: string;
};

/** Pays into the wallet of an account whose lock the batch has. A frozen wallet takes money too. */
export function giveNow(batch: LedgerBatch, gift: Gift): PayDecision {
  const { accountId, amountMicros, code, fromAccountId = REVENUE, reference } = gift;
  const wallet = batch.walletOf(accountId);
  if (wallet === undefined) return refused('wallet_not_found');
  if (!isAmount(amountMicros)) return refused('amount_out_of_range');
  const spend = gift.spender && { spender: gift.spender, amountMicros: -amountMicros };
  return move(batch, { code, reference, amountMicros, fromAccountId, toAccountId: wallet.id }, spend);
}

type Movement = Pick<Transfer, 'code' | 'reference' | 'amountMicros' | 'fromAccountId' | 'toAccountId' | 'lotParts'>;

function move(batch: LedgerBatch, movement: Movement, spend?: Spend): PayDecision {
  const transfer = transferOf({ id: batch.newId('trf'), kind: 'post', ...movement, createdAt: batch.now });
  batch.apply({ transfers: [transfer], ...(spend !== undefined && { spend }) });
  return { kind: 'paid', transfers: [transfer] };
}

function isAmount(micros: Micros): boolean {
  return micros > 0n && micros <= MAX_AMOUNT_MICROS;
}

function refused(reason: PayRefusal['reason'], missingMicros: Micros = 0n): PayDecision {
  return { kind: 'refused', refusal: { reason, missingMicros } };
}
