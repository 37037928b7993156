import type { Micros } from '@suanli/kernel';
import type { LotPart } from '../ledger/transfer.ts';
import type { Hold, LotShare } from './hold.ts';

/** What a hold still has of one lot. */
export function shareLeftMicros(share: LotShare): Micros {
  return share.reservedMicros - share.capturedMicros - share.releasedMicros;
}

/** What it still has of each lot, in the order of use. */
export function partsLeft(hold: Hold): LotPart[] {
  const parts = (hold.lotShares ?? []).map((share) => ({ lotId: share.lotId, amountMicros: shareLeftMicros(share) }));
  return parts.filter((part) => part.amountMicros > 0n);
}

type Side = 'reservedMicros' | 'capturedMicros' | 'releasedMicros';

/** The shares of a hold after `parts` of lots were reserved, captured or released; none when it has no lots. */
export function withParts(hold: Hold, side: Side, parts: readonly LotPart[]): { lotShares?: readonly LotShare[] } {
  const before = hold.lotShares ?? [];
  if (before.length + parts.length === 0) return {};
  const byLot = new Map(before.map((share) => [share.lotId, share]));
  for (const { lotId, amountMicros } of parts) {
    const share = byLot.get(lotId) ?? { lotId, reservedMicros: 0n, capturedMicros: 0n, releasedMicros: 0n };
    byLot.set(lotId, { ...share, [side]: share[side] + amountMicros });
  }
  return { lotShares: [...byLot.values()] };
}
