import { type Instant, invariant, type Micros } from '@suanli/kernel';
import { legsOf, type Transfer } from '../ledger/transfer.ts';
import type { SpendScope } from './spend-scope.ts';

/** Where credit comes from; cash is no lot, it is what a wallet has beyond its lots. */
export type LotKind = 'promotional' | 'voucher' | 'compensation';

/** What a lot may pay for. An empty list is no restriction; a list that names something admits nothing else. */
export type Applicability = { products: readonly string[]; items: readonly string[]; regions: readonly string[] };

/** Credit in a wallet that is used up before cash, until it expires. */
export type Lot = {
  id: string;
  walletId: string;
  accountId: string;
  kind: LotKind;
  /** From 1, used first, to 50. */
  priority: number;
  /** Pays from this instant on. */
  effectiveAt: Instant;
  /** At this very instant it pays no longer; absent for ever. */
  expiresAt?: Instant;
  applicability: Applicability;
  grantedMicros: Micros;
  /** What is left of it, reserved or not. */
  remainingMicros: Micros;
  /** The part of what is left that holds have set aside. */
  reservedMicros: Micros;
  /** What went to the platform when it expired. */
  brokenMicros: Micros;
  /** Why it was given: the name of a campaign, the bill line or order that was corrected, an operator's words. */
  reason: string;
  /** Who or what made it: a batch of vouchers, the expired lot that it renews, the operator's key. */
  reference: string;
  createdAt: Instant;
};

export type LotStatus = 'scheduled' | 'active' | 'exhausted' | 'expired';

export const MIN_PRIORITY = 1;
export const MAX_PRIORITY = 50;
export const ANYTHING: Applicability = { products: [], items: [], regions: [] };

/** A status is a fact about a time, so it is never stored. */
export function lotStatus(lot: Lot, now: Instant): LotStatus {
  if (hasExpired(lot, now) && (lot.remainingMicros > 0n || lot.brokenMicros > 0n)) return 'expired';
  if (lot.remainingMicros === 0n) return 'exhausted';
  return lot.effectiveAt > now ? 'scheduled' : 'active';
}

export function hasExpired(lot: Lot, now: Instant): boolean {
  return lot.expiresAt !== undefined && lot.expiresAt <= now;
}

/** Whether it pays at `now`: from `effectiveAt` on, and at `expiresAt` no longer, so that two lots in a row never both do. */
export function isInEffect(lot: Lot, now: Instant): boolean {
  return lot.effectiveAt <= now && !hasExpired(lot, now);
}

/** A scope that does not say what it is spends no credit that is meant for something. */
export function appliesTo({ applicability: { products, items, regions } }: Lot, scope: SpendScope): boolean {
  return admits(products, scope.product) && admits(items, scope.item) && admits(regions, scope.region);
}

function admits(allowed: readonly string[], asked: string): boolean {
  return allowed.length === 0 || allowed.includes(asked);
}

/** What of it no hold has. */
export function freeMicros(lot: Lot): Micros {
  return lot.remainingMicros - lot.reservedMicros;
}

/**
 * The order in which lots are used up: by priority, then the one that expires first, then the older one. What expires
 * first is used first, so breakage is the least it can be.
 */
export function inOrderOfUse(one: Lot, other: Lot): number {
  if (one.priority !== other.priority) return one.priority - other.priority;
  const [first, second] = [one.expiresAt ?? Number.POSITIVE_INFINITY, other.expiresAt ?? Number.POSITIVE_INFINITY];
  if (first !== second) return first < second ? -1 : 1;
  return one.id < other.id ? -1 : one.id > other.id ? 1 : 0;
}

/** The lot after a transfer of which `amountMicros` were its. It moves as its wallet does, within its own bounds. */
export function withPart(lot: Lot, transfer: Transfer, amountMicros: Micros): Lot {
  const leg = legsOf({ ...transfer, amountMicros }).find((one) => one.accountId === lot.walletId);
  invariant(leg !== undefined, `transfer ${transfer.id} touches the wallet of lot ${lot.id}`);
  const after = {
    ...lot,
    remainingMicros: lot.remainingMicros + leg.postedMicros,
    reservedMicros: lot.reservedMicros - leg.pendingMicros,
    brokenMicros: lot.brokenMicros + (transfer.code === 'breakage' ? amountMicros : 0n),
  };
  invariant(after.reservedMicros >= 0n, `lot ${lot.id} would reserve less than nothing`);
  invariant(after.reservedMicros <= after.remainingMicros, `lot ${lot.id} would reserve more than it has`);
  invariant(after.remainingMicros <= after.grantedMicros, `lot ${lot.id} would have more than was granted`);
  return after;
}
