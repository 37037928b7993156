import { type Instant, type Micros, MAX_MICROS } from '@suanli/kernel';
import { endOfMonth, type Month, type Zone } from '../calendar/calendar.ts';

/** What an account promised to spend each month at least. What a month falls short is charged after its end. */
export type Commitment = {
  id: string;
  accountId: string;
  monthlyMicros: Micros;
  fromMonth: Month;
  /** The last month of it; absent while it has no end. */
  untilMonth?: Month;
  createdAt: Instant;
};

export type CommitmentRefusal = {
  reason: 'amount_out_of_range' | 'month_invalid' | 'commitment_overlaps' | 'wallet_not_found';
};

export function appliesTo(commitment: Commitment, month: Month): boolean {
  return commitment.fromMonth <= month && (commitment.untilMonth === undefined || month <= commitment.untilMonth);
}

/** A new commitment, or why not: an account has at most one in any month. */
export function checkCommitment(
  known: readonly Commitment[],
  { monthlyMicros, fromMonth, untilMonth }: Omit<Commitment, 'id' | 'createdAt'>,
  currentMonth: Month,
): CommitmentRefusal['reason'] | undefined {
  if (monthlyMicros <= 0n || monthlyMicros > MAX_MICROS) return 'amount_out_of_range';
  if (fromMonth < currentMonth || (untilMonth !== undefined && untilMonth < fromMonth)) return 'month_invalid';
  const overlaps = known.some(
    (one) =>
      (untilMonth === undefined || one.fromMonth <= untilMonth) &&
      (one.untilMonth === undefined || fromMonth <= one.untilMonth),
  );
  return overlaps ? 'commitment_overlaps' : undefined;
}

/** What is missing to the promise; never negative. */
export function shortfallMicros({ monthlyMicros }: Commitment, spentMicros: Micros): Micros {
  return spentMicros >= monthlyMicros ? 0n : monthlyMicros - spentMicros;
}

/** When the month of a commitment can be settled: late usage has had its time. */
export function settlesAt(month: Month, zone: Zone, graceMs: number): Instant {
  return endOfMonth(month, zone) + graceMs;
}
