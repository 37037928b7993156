import type { Instant, Micros } from '@suanli/kernel';
import { type LotPart, sumOf } from '../ledger/transfer.ts';
import { freeCashMicros, type Wallet } from '../ledger/wallet.ts';
import { appliesTo, freeMicros, isInEffect, type Lot } from './lot.ts';
import type { SpendScope } from './spend-scope.ts';

/** A wallet and its credit lots, in the order of their use. */
export type Purse = { wallet: Wallet; lots: readonly Lot[] };

/** What may be spent on `scope` now: credit that applies and is in effect, and cash with the overdraft. */
export function spendableMicros(purse: Purse, scope: SpendScope, now: Instant): Micros {
  const credit = payingLots(purse, scope, now).reduce((sum, lot) => sum + freeMicros(lot), 0n);
  return credit + freeCashMicros(purse.wallet);
}

/** Of which lots an amount is taken, in the order of their use; what they do not cover is cash. */
export function partsOf(amountMicros: Micros, purse: Purse, scope: SpendScope, now: Instant): LotPart[] {
  const parts: LotPart[] = [];
  let missingMicros = amountMicros;
  for (const lot of payingLots(purse, scope, now)) {
    const taken = min(missingMicros, freeMicros(lot));
    if (taken > 0n) parts.push({ lotId: lot.id, amountMicros: taken });
    missingMicros -= taken;
  }
  return parts;
}

/** The field of a transfer that says so; absent when it moves cash alone. */
export function withLotParts(parts: readonly LotPart[]): { lotParts?: readonly LotPart[] } {
  return sumOf(parts) === 0n ? {} : { lotParts: parts };
}

function payingLots({ lots }: Purse, scope: SpendScope, now: Instant): Lot[] {
  return lots.filter((lot) => isInEffect(lot, now) && appliesTo(lot, scope));
}

function min(a: Micros, b: Micros): Micros {
  return a < b ? a : b;
}
