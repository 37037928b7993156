import { RENEWED_CREDIT_MS } from '../../src/domain/rating/give-back.ts';

export type ModelLot = {
  account: number;
  priority: number;
  effectiveMs: number;
  expiresMs: number;
  /** The only thing it pays for. */
  item: number | undefined;
  granted: number;
  remaining: number;
  reserved: number;
  broken: number;
};
export type ModelPart = { lot: ModelLot; amount: number };
/** What a bill line cost, and which credit paid for it. */
export type ModelLine = { quantity: number; borne: number; credit: ModelPart[] };

/** Credit on plain numbers: one list of lots, oldest first. */
export class CreditModel {
  readonly lots: ModelLot[] = [];

  grant(lot: Omit<ModelLot, 'remaining' | 'reserved' | 'broken'>): void {
    this.lots.push({ ...lot, remaining: lot.granted, reserved: 0, broken: 0 });
  }

  of(account: number): ModelLot[] {
    return this.lots.filter((lot) => lot.account === account);
  }

  /** What of a wallet is of lots and is not reserved, in effect or not: cash is the rest. */
  freeOf(account: number): number {
    return this.of(account).reduce((sum, lot) => sum + lot.remaining - lot.reserved, 0);
  }

  payable(account: number, item: number, nowMs: number): number {
    return this.#paying(account, item, nowMs).reduce((sum, lot) => sum + lot.remaining - lot.reserved, 0);
  }

  /** Which lots pay how much of an amount, in the order of their use. */
  take(account: number, amount: number, item: number, nowMs: number): ModelPart[] {
    let missing = amount;
    const parts: ModelPart[] = [];
    for (const lot of this.#paying(account, item, nowMs)) {
      const taken = Math.min(missing, lot.remaining - lot.reserved);
      if (taken > 0) parts.push({ lot, amount: taken });
      missing -= taken;
    }
    return parts;
  }

  #paying(account: number, item: number, nowMs: number): ModelLot[] {
    const paying = this.of(account).filter((lot) => lot.effectiveMs <= nowMs && nowMs < lot.expiresMs);
    return this.inOrder(paying.filter((lot) => lot.item === undefined || lot.item === item));
  }

  inOrder(lots: readonly ModelLot[]): ModelLot[] {
    const age = (lot: ModelLot) => this.lots.indexOf(lot);
    return lots.toSorted(
      (a, b) => a.priority - b.priority || compare(a.expiresMs, b.expiresMs) || compare(age(a), age(b)),
    );
  }

  /** Gives credit of a line back, the lot used last first; what has expired comes back as a new lot. */
  giveBack(line: ModelLine, amount: number, nowMs: number): void {
    let missing = amount;
    const used = this.inOrder([...new Set(line.credit.map((part) => part.lot))]).toReversed();
    for (const lot of used) {
      const spent = line.credit.filter((part) => part.lot === lot).reduce((sum, part) => sum + part.amount, 0);
      const back = Math.min(missing, spent);
      missing -= back;
      if (back <= 0) continue;
      line.credit.push({ lot, amount: -back });
      if (lot.expiresMs > nowMs) lot.remaining += back;
      else this.grant({ ...lot, effectiveMs: nowMs, expiresMs: nowMs + RENEWED_CREDIT_MS, granted: back });
    }
  }

  /** What the platform gets of a lot whose time has passed. */
  breakOne(lot: ModelLot, nowMs: number): number {
    if (nowMs < lot.expiresMs) return 0;
    const broken = lot.remaining - lot.reserved;
    lot.remaining -= broken;
    lot.broken += broken;
    return broken;
  }
}

function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
