import type { Micros } from '@suanli/kernel';
import type { Transfer } from '../ledger/transfer.ts';
import type { Lot } from './lot.ts';

/** What was spent of one lot on one thing, less what came back to it; below zero for a lot that renews another. */
export type CreditSpent = { reference: string; lotId: string; amountMicros: Micros };

/** How much of which lots was spent on what, for money that may have to go back there. */
export class CreditSpending {
  readonly #byReference = new Map<string, Map<string, Micros>>();

  add({ reference, lotId, amountMicros }: CreditSpent): void {
    const byLot = this.#byReference.get(reference) ?? new Map<string, Micros>();
    byLot.set(lotId, (byLot.get(lotId) ?? 0n) + amountMicros);
    this.#byReference.set(reference, byLot);
  }

  /** Follows what a payment does to a lot: out of its wallet it spends, into it it gives back. */
  follow({ kind, toAccountId, reference }: Transfer, lot: Lot, amountMicros: Micros): void {
    if (kind === 'pending' || kind === 'void_pending') return;
    const sign = toAccountId === lot.walletId ? -1n : 1n;
    this.add({ reference, lotId: lot.id, amountMicros: sign * amountMicros });
  }

  /**
   * What may still come back, by lot. A lot that renews an expired one has got back what the expired one paid, so that
   * nothing comes back twice.
   */
  on(references: readonly string[], lotOf: (lotId: string) => Lot | undefined): { lot: Lot; amountMicros: Micros }[] {
    const spent = new Map<string, Micros>();
    for (const reference of references) {
      for (const [lotId, amount] of this.#byReference.get(reference) ?? [])
        spent.set(lotId, (spent.get(lotId) ?? 0n) + amount);
    }
    for (let hasMoved = true; hasMoved; ) {
      hasMoved = false;
      for (const [lotId, amountMicros] of spent) {
        const renews = lotOf(lotId)?.reference ?? '';
        const before = spent.get(renews);
        if (amountMicros >= 0n || before === undefined) continue;
        spent.set(lotId, 0n).set(renews, before + amountMicros);
        hasMoved = true;
      }
    }
    return [...spent].flatMap(([lotId, amountMicros]) => {
      const lot = lotOf(lotId);
      return lot !== undefined && amountMicros > 0n ? [{ lot, amountMicros }] : [];
    });
  }
}
