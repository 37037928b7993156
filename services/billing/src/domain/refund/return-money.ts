import { invariant, type Micros } from '@suanli/kernel';
import type { Spender } from '../budget/budget.ts';
import type { LedgerBatch } from '../ledger/ledger-batch.ts';
import { REVENUE, transferOf } from '../ledger/transfer.ts';
import { withLotParts } from '../lot/purse.ts';
import { giveBack } from '../rating/give-back.ts';

export type MoneyBack = {
  accountId: string;
  /** What it was paid for, an order or a bill line: credit that paid for it comes back as credit. */
  reference: string;
  code: 'refund' | 'compensation';
  amountMicros: Micros;
  /** What it was paid with: what the customer has paid for these together, less what came back before. */
  funds: { references: readonly string[]; paidMicros: Micros };
  /** Whose spending it takes back, for budgets. */
  spender?: Spender;
};

const NOTHING_BORNE = { writtenOffMicros: 0n, refundedMicros: 0n, creditedMicros: 0n, voidCreditMicros: 0n };

/** Money of a payment goes back to where it came from: cash as cash, credit as credit, never more than was paid. */
export function returnMoney(batch: LedgerBatch, back: MoneyBack): void {
  const { accountId, reference, code, amountMicros, funds, spender } = back;
  const { references, paidMicros } = funds;
  const wallet = batch.walletOf(accountId);
  invariant(wallet !== undefined, `account ${accountId} has a wallet`);
  invariant(amountMicros > 0n && amountMicros <= paidMicros, `${reference} gives back what was paid at most`);
  const paid = {
    id: reference,
    amountMicros: paidMicros,
    ...NOTHING_BORNE,
    credit: batch.creditSpentOn(references),
  };
  const { lotParts, newLots } = giveBack(amountMicros, paid, wallet, batch);
  const transfer = transferOf({
    id: batch.newId('trf'),
    kind: 'post',
    code,
    fromAccountId: REVENUE,
    toAccountId: wallet.id,
    amountMicros,
    reference,
    ...withLotParts(lotParts),
    createdAt: batch.now,
  });
  const spend = spender && { spender, amountMicros: -amountMicros };
  batch.apply({ transfers: [transfer], newLots, ...(spend !== undefined && { spend }) });
}
