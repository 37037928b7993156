import type { Instant, Micros, TenantPath } from '@suanli/kernel';
import type { SpendDimension } from '../budget/budget.ts';
import type { BudgetRefusal, BudgetShortfall } from '../budget/budget-book.ts';
import type { SpendScope } from '../lot/spend-scope.ts';

/** What a hold pays for. */
export type HoldPurpose = { kind: string; id: string; epoch: number };

/** What a hold has set aside of one credit lot, and what became of it. */
export type LotShare = { lotId: string; reservedMicros: Micros; capturedMicros: Micros; releasedMicros: Micros };

/**
 * Money set aside in a wallet. `active`: may grow and be captured. `closed`: its work has ended; a remainder is kept
 * only while the last usage event is on its way. `expired`: its time passed first.
 */
export type Hold = {
  id: string;
  walletId: string;
  tenant: TenantPath;
  status: 'active' | 'closed' | 'expired';
  amountMicros: Micros;
  capturedMicros: Micros;
  releasedMicros: Micros;
  purpose: HoldPurpose;
  /** What its money is for: only credit that applies to it was set aside. */
  scope: SpendScope;
  /** Its credit, in the order of use; what no share names is cash. Absent when all of it is. */
  lotShares?: readonly LotShare[];
  /** Until when it pays for new work. */
  expiresAt: Instant;
  /** Until when usage of that work may still come in and be captured; then the remainder goes back. */
  releaseAt: Instant;
  /** The usage event that a closed hold waits for. */
  awaitsUsageId?: string;
  /** When the remainder was released: at most once, nothing changes afterwards. */
  resolvedAt?: Instant;
  /** Grows with each change. */
  version: bigint;
  createdAt: Instant;
};

export type HoldRefusalReason =
  | 'insufficient_funds'
  | 'account_frozen'
  | 'wallet_not_found'
  | 'hold_not_found'
  | 'hold_not_active'
  | 'amount_out_of_range'
  | 'request_id_reused'
  | 'expiry_in_past'
  | 'account_suspended'
  | BudgetRefusal['reason'];

/** A "no" to one command. `missingMicros` is how much more money it would take, 0 where money is not the matter. */
export type HoldRefusal = {
  reason: HoldRefusalReason;
  missingMicros: Micros;
  /** Which budget has no room, for `budget_exceeded`. */
  budget?: BudgetShortfall;
  /** What the hold must name, for `scope_needed`. */
  needs?: readonly SpendDimension[];
};

/** Largest amount of one hold or one recharge: a thousand million yuan. Sums of millions of them still fit 64 bits. */
export const MAX_AMOUNT_MICROS: Micros = 1_000_000_000_000_000n;

export function remainingMicros(hold: Hold): Micros {
  return hold.amountMicros - hold.capturedMicros - hold.releasedMicros;
}

export function isResolved(hold: Hold): boolean {
  return hold.resolvedAt !== undefined;
}
