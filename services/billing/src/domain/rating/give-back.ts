import { type Instant, invariant, type Micros } from '@suanli/kernel';
import { type LotPart, sumOf } from '../ledger/transfer.ts';
import type { Wallet } from '../ledger/wallet.ts';
import { emptyLot } from '../lot/grant-lot.ts';
import { hasExpired, inOrderOfUse, type Lot } from '../lot/lot.ts';

/** How long credit is good that comes back when its own time has passed. */
export const RENEWED_CREDIT_MS = 30 * 86_400_000;

/** What something cost until now, and who paid it: the platform, credit, and cash for the rest. */
export type PaidSoFar = {
  /** The bill line or the order that is corrected. */
  id: string;
  amountMicros: Micros;
  writtenOffMicros: Micros;
  credit: readonly { lot: Lot; amountMicros: Micros }[];
};

export type GivenBack = {
  writtenOffMicros: Micros;
  /** To the wallet, cash and credit together. */
  walletMicros: Micros;
  /** Which of it is of which lots, old and new. */
  lotParts: LotPart[];
  newLots: Lot[];
};

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
  const cashMicros = paid.amountMicros - paid.writtenOffMicros - creditMicros;
  invariant(amountMicros <= paid.amountMicros && cashMicros >= 0n, 'what is given back was paid before');
  const writtenOffMicros = min(amountMicros, paid.writtenOffMicros);
  const walletMicros = amountMicros - writtenOffMicros;
  let missingMicros = walletMicros - min(walletMicros, cashMicros);
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
  return { writtenOffMicros, walletMicros, lotParts, newLots };
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
