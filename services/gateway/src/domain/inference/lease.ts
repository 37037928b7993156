import type { Instant, Micros } from '@suanli/kernel';

/**
 * A hold that this replica spends from without asking for each call. `reservedMicros` belongs to calls under way,
 * `spentMicros` to finished ones whose usage is or will be captured from the hold: together they never pass its amount,
 * so money is never overspent, over any number of replicas.
 */
export type Lease = {
  holdId: string;
  amountMicros: Micros;
  reservedMicros: Micros;
  spentMicros: Micros;
  expiresAt: Instant;
  lastUsedAt: Instant;
  /** The newest usage event that names this hold; empty before the first. */
  lastUsageId: string;
};

export type LeaseTerms = {
  /** The usual size of a lease and of a top-up. */
  sliceMicros: Micros;
  /** How far ahead a lease is made to last. */
  lifeMs: number;
  /** A call must be able to end, and its usage be rated, before the lease expires. */
  callMs: number;
};

export type LeaseNeed =
  | { kind: 'covered' }
  | { kind: 'extend'; amountMicros: Micros; expiresAt: Instant; leastAmountMicros: Micros }
  | { kind: 'open'; amountMicros: Micros; expiresAt: Instant; leastAmountMicros: Micros };

export function freeMicros(lease: Lease): Micros {
  return lease.amountMicros - lease.reservedMicros - lease.spentMicros;
}

/**
 * What it takes to reserve `wantMicros`: nothing, a bigger or longer hold, or a new one. `leastAmountMicros` is the
 * amount without the slice, to be tried when the wallet is too low for the comfortable one.
 */
export function whatItTakes(lease: Lease | undefined, wantMicros: Micros, terms: LeaseTerms, now: Instant): LeaseNeed {
  const expiresAt = now + terms.lifeMs;
  if (lease === undefined || lease.expiresAt <= now) {
    const amountMicros = wantMicros > terms.sliceMicros ? wantMicros : terms.sliceMicros;
    return { kind: 'open', amountMicros, expiresAt, leastAmountMicros: wantMicros };
  }
  const missingMicros = wantMicros - freeMicros(lease);
  if (missingMicros <= 0n && lease.expiresAt - now >= terms.callMs) return { kind: 'covered' };
  const leastAmountMicros = lease.amountMicros + (missingMicros > 0n ? missingMicros : 0n);
  const amountMicros = missingMicros > 0n ? leastAmountMicros + terms.sliceMicros : leastAmountMicros;
  return { kind: 'extend', amountMicros, expiresAt, leastAmountMicros };
}

/** Whether nothing uses the lease, and nothing has for `idleMs`: its remainder goes back to the wallet then. */
export function isIdle(lease: Lease, idleMs: number, now: Instant): boolean {
  return lease.reservedMicros === 0n && now - lease.lastUsedAt >= idleMs;
}
