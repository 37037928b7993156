import type { Micros } from '@suanli/kernel';
import type { Transfer } from '../ledger/transfer.ts';
import type { Lot } from './lot.ts';

/** What was paid out of one lot for one thing, less what was paid back into it. */
export type CreditSpent = {
  reference: string;
  /** Under which name it is asked for together with others, for example that of a total that bill lines share. */
  group?: string;
  lotId: string;
  amountMicros: Micros;
};

/** How much of which lots was spent on what, for money that may have to go back there. */
export class CreditSpending {
  readonly #byReference = new Map<string, Map<string, Micros>>();
  readonly #groups = new Map<string, Set<string>>();

  add({ reference, group, lotId, amountMicros }: CreditSpent): void {
    const byLot = this.#byReference.get(reference) ?? new Map<string, Micros>();
    byLot.set(lotId, (byLot.get(lotId) ?? 0n) + amountMicros);
    this.#byReference.set(reference, byLot);
    if (group !== undefined) this.#groups.set(group, (this.#groups.get(group) ?? new Set()).add(reference));
  }

  /** Follows what a payment does to a lot: out of its wallet it spends, into it it gives back. */
  follow({ kind, toAccountId, reference }: Transfer, lot: Lot, amountMicros: Micros): void {
    if (kind === 'pending' || kind === 'void_pending') return;
    const sign = toAccountId === lot.walletId ? -1n : 1n;
    this.add({ reference, lotId: lot.id, amountMicros: sign * amountMicros });
  }

  /** What was spent on these together and has not come back, by lot. */
  on(references: readonly string[], lotOf: (lotId: string) => Lot | undefined): { lot: Lot; amountMicros: Micros }[] {
    const all = new Set(references.flatMap((reference) => [reference, ...(this.#groups.get(reference) ?? [])]));
    const spent = new Map<string, Micros>();
    for (const reference of all) {
      for (const [lotId, amountMicros] of this.#byReference.get(reference) ?? [])
        spent.set(lotId, (spent.get(lotId) ?? 0n) + amountMicros);
    }
    for (const lotId of [...spent.keys()]) creditOrigin(spent, all, lotOf(lotId));
    return [...spent].flatMap(([lotId, amountMicros]) => {
      const lot = lotOf(lotId);
      return lot !== undefined && amountMicros > 0n ? [{ lot, amountMicros }] : [];
    });
  }
}

/** What a lot was filled with when it renewed an expired one came back for that one, not for itself. */
function creditOrigin(spent: Map<string, Micros>, references: ReadonlySet<string>, lot: Lot | undefined): void {
  const origin = lot && spent.get(lot.reference);
  if (lot === undefined || origin === undefined || !references.has(lot.reason)) return;
  spent.set(lot.reference, origin - lot.grantedMicros);
  spent.set(lot.id, (spent.get(lot.id) ?? 0n) + lot.grantedMicros);
}
