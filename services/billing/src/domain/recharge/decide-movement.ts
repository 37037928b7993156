import { type Instant, MAX_MICROS, type Micros } from '@suanli/kernel';
import { MAX_AMOUNT_MICROS } from '../hold/hold.ts';
import { clearingAccount, RECEIVABLE, type Transfer, type TransferCode, transferOf } from '../ledger/transfer.ts';
import { freeCashMicros, type Wallet } from '../ledger/wallet.ts';
import type { MovementKind, Recharge, RechargeMovement } from './recharge.ts';
import type { WantedMovement } from './standing.ts';

type MovementDecision =
  | {
      kind: 'decided';
      recharge: Recharge;
      movement: RechargeMovement;
      transfers: Transfer[];
      /** What the account owes afterwards. */
      owedMicros: Micros;
    }
  | { kind: 'refused'; reason: 'amount_out_of_range' };

type Before = { recharge: Recharge; wallet: Wallet; owedMicros: Micros };
type DecisionContext = { now: Instant; newId: (prefix: string) => string };

/**
 * What one proven movement does. Money that comes in goes to the wallet, then pays what the account owes. Money that the
 * payer gets back leaves the wallet as far as its cash goes that no hold has; the account owes the rest, in the open.
 */
export function decideMovement(before: Before, wanted: WantedMovement, ctx: DecisionContext): MovementDecision {
  const { recharge, wallet } = before;
  const { kind, amountMicros, movesMoney } = wanted;
  const isIn = comesIn(kind);
  if (amountMicros <= 0n || amountMicros > MAX_AMOUNT_MICROS) return { kind: 'refused', reason: 'amount_out_of_range' };
  if (isIn && wallet.postedMicros + amountMicros > MAX_MICROS)
    return { kind: 'refused', reason: 'amount_out_of_range' };
  const moved = movesMoney
    ? isIn
      ? takeIn(before, wanted, ctx)
      : giveBack(before, wanted, ctx)
    : { transfers: [], walletMicros: 0n, lentMicros: 0n, owedMicros: before.owedMicros };
  const movement: RechargeMovement = {
    id: ctx.newId('rmv'),
    rechargeId: recharge.id,
    walletId: wallet.id,
    channel: recharge.channel,
    serialNumber: wanted.serialNumber,
    kind,
    amountMicros,
    walletMicros: moved.walletMicros,
    owedMicros: moved.lentMicros,
    createdAt: ctx.now,
  };
  const { transfers, owedMicros } = moved;
  return { kind: 'decided', recharge: withMovement(recharge, movement, ctx.now), movement, transfers, owedMicros };
}

/** The recharge after a movement of it. */
function withMovement(recharge: Recharge, movement: RechargeMovement, now: Instant): Recharge {
  const { kind, amountMicros } = movement;
  const sign = kind.endsWith('_returned') ? -1n : 1n;
  const changed: Recharge = { ...recharge, updatedAt: Math.max(recharge.updatedAt, now) };
  if (kind === 'receipt') {
    return { ...changed, status: 'succeeded', reason: '', receivedMicros: recharge.receivedMicros + amountMicros };
  }
  if (kind.startsWith('refund')) return { ...changed, refundedMicros: recharge.refundedMicros + sign * amountMicros };
  return { ...changed, disputedMicros: recharge.disputedMicros + sign * amountMicros };
}

type Moved = { transfers: Transfer[]; walletMicros: Micros; lentMicros: Micros; owedMicros: Micros };

function takeIn({ recharge, wallet, owedMicros }: Before, wanted: WantedMovement, ctx: DecisionContext): Moved {
  const { amountMicros } = wanted;
  const code = wanted.kind === 'receipt' ? 'recharge' : 'recharge_returned';
  const transfers = [
    post(recharge, code, clearingAccount(recharge.channel), wallet.id, amountMicros, ctx),
    ...repay(recharge, wallet, min(owedMicros, spareCash(wallet, amountMicros)), ctx),
  ];
  const repaid = transfers[1]?.amountMicros ?? 0n;
  return { transfers, walletMicros: amountMicros, lentMicros: 0n, owedMicros: owedMicros - repaid };
}

function repay(recharge: Recharge, wallet: Wallet, amountMicros: Micros, ctx: DecisionContext): Transfer[] {
  return amountMicros > 0n ? [post(recharge, 'debt_repayment', wallet.id, RECEIVABLE, amountMicros, ctx)] : [];
}

function giveBack({ recharge, wallet, owedMicros }: Before, wanted: WantedMovement, ctx: DecisionContext): Moved {
  const { amountMicros } = wanted;
  const code = wanted.kind === 'refund' ? 'recharge_refund' : 'chargeback';
  const walletMicros = min(amountMicros, spareCash(wallet));
  const lentMicros = amountMicros - walletMicros;
  const clearing = clearingAccount(recharge.channel);
  const transfers = [
    { from: wallet.id, micros: walletMicros },
    { from: RECEIVABLE, micros: lentMicros },
  ]
    .filter(({ micros }) => micros > 0n)
    .map(({ from, micros }) => post(recharge, code, from, clearing, micros, ctx));
  return { transfers, walletMicros, lentMicros, owedMicros: owedMicros + lentMicros };
}

/** Cash that no hold has, once `incomingMicros` are in. An overdraft is given to work with, not to pay back with. */
function spareCash(wallet: Wallet, incomingMicros: Micros = 0n): Micros {
  const spare = freeCashMicros(wallet) - wallet.overdraftMicros + incomingMicros;
  return spare > 0n ? spare : 0n;
}

function comesIn(kind: MovementKind): boolean {
  return kind === 'receipt' || kind.endsWith('_returned');
}

function post(
  recharge: Recharge,
  code: TransferCode,
  fromAccountId: string,
  toAccountId: string,
  amountMicros: Micros,
  ctx: DecisionContext,
): Transfer {
  const reference = recharge.id;
  const createdAt = ctx.now;
  return transferOf({
    id: ctx.newId('trf'),
    kind: 'post',
    code,
    fromAccountId,
    toAccountId,
    amountMicros,
    reference,
    createdAt,
  });
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
