import { type Instant, invariant, type Micros } from '@suanli/kernel';
import { type LotPart, sumOf } from '../ledger/transfer.ts';
import type { Wallet } from '../ledger/wallet.ts';
import { emptyLot } from '../lot/grant-lot.ts';
import { hasExpired, inOrderOfUse, type Lot } from '../lot/lot.ts';
import { type Borne, paidMicros } from './bill-line.ts';

/** How long credit is good that comes back when its own time has passed. */
export const RENEWED_CREDIT_MS = 30 * 86_400_000;

/** What something cost until now, and who paid it: the platform, credit, and cash for the rest that has not come back. */
export type PaidSoFar = Borne & {
  /** The bill line or the order that is corrected. */
  id: string;
  /** What a credit gave back of just the usage that is taken away now. */
  voidCreditMicros: Micros;
  credit: readonly { lot: Lot; amountMicros: Micros }[];
};

/** What becomes of an amount that is taken away: the four sum to it. */
export type BackParts = {
  writtenOffMicros: Micros;
  /** Had come back by a refund, and does not again. */
  refundedMicros: Micros;
  /** Had come back by a credit for unusable time, and does not again. */
  creditedMicros: Micros;
  /** To the wallet, cash and credit together. */
  walletMicros: Micros;
};

export type GivenBack = BackParts & {
  /** Which of it is of which lots, old and new. */
  lotParts: LotPart[];
  newLots: Lot[];
};

/**
 * What the platform bore comes first; then what a refund gave back before, which was of the same bill; then what the
 * customer has paid. A credit is of the usage it was given for: it is void when that is taken away, and else stands as
 * long as anything is left to give.
 */
export function splitBack(amountMicros: Micros, paid: Borne & { voidCreditMicros: Micros }): BackParts {
  invariant(amountMicros <= paid.amountMicros, 'what is given back was charged before');
  let rest = amountMicros;
  const take = (upTo: Micros): Micros => {
    const taken = min(rest, upTo);
    rest -= taken;
    return taken;
  };
  const voidMicros = take(min(paid.voidCreditMicros, paid.creditedMicros));
  const writtenOffMicros = take(paid.writtenOffMicros);
  const refundedMicros = take(paid.refundedMicros);
  const walletMicros = take(paidMicros(paid));
  return { writtenOffMicros, refundedMicros, walletMicros, creditedMicros: voidMicros + rest };
}

/**
 * Where money of a charge goes back to: whoever paid last gets it first. What the platform bore, then cash, then credit,
 * the lot used last first. Credit whose time has passed comes back as a new lot for the same things.
 */
export function giveBack(
  amountMicros: Micros,
  paid: PaidSoFar,
  wallet: Wallet,
  ctx: { now: Instant; newId: (prefix: string) => string },
): GivenBack {
  const creditMicros = sumOf(paid.credit.map(({ lot, amountMicros }) => ({ lotId: lot.id, amountMicros })));
  const cashMicros = paidMicros(paid) - creditMicros;
  invariant(cashMicros >= 0n, 'credit paid no more than was paid');
  const parts = splitBack(amountMicros, paid);
  let missingMicros = parts.walletMicros - min(parts.walletMicros, cashMicros);
  const lotParts: LotPart[] = [];
  const newLots: Lot[] = [];
  for (const { lot, amountMicros: spent } of paid.credit.toSorted((a, b) => inOrderOfUse(b.lot, a.lot))) {
    const back = min(missingMicros, spent);
    missingMicros -= back;
    if (back === 0n) continue;
    const filled = hasExpired(lot, ctx.now) ? renewed({ lot, amountMicros: back, reason: paid.id }, wallet, ctx) : lot;
    if (filled !== lot) newLots.push(filled);
    lotParts.push({ lotId: filled.id, amountMicros: back });
  }
  return { ...parts, lotParts, newLots };
}

/** Its origin and what it came back for are what tells it later from credit that was spent anew. */
function renewed(
  { lot, amountMicros, reason }: { lot: Lot; amountMicros: Micros; reason: string },
  wallet: Wallet,
  ctx: { now: Instant; newId: (prefix: string) => string },
): Lot {
  const { priority, applicability } = lot;
  const expiresAt = ctx.now + RENEWED_CREDIT_MS;
  const terms = { priority, applicability, amountMicros, expiresAt, reason, reference: lot.id };
  return emptyLot(wallet, { kind: 'compensation', ...terms }, ctx);
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
