import { type Instant, type Micros, mulDivCeil, mulDivFloor } from '@suanli/kernel';
import { addMonths, type Zone } from '../calendar/calendar.ts';
import type { PlanPeriod } from './plan.ts';
import type { ReleaseRule } from './policy.ts';

/** Half-open: its end is the start of the next one. */
export type Period = { from: Instant; to: Instant };

const BASIS_POINTS = 10_000n;

/**
 * The period number `index` (from 0) of a commitment that began at `anchor`. Counted from the anchor each time, so that
 * a commitment of 31 January has periods to the end of February and to 31 March.
 */
export function periodOf(anchor: Instant, period: PlanPeriod, index: number, zone: Zone): Period {
  const months = period === 'month' ? 1 : 12;
  return { from: addMonths(anchor, index * months, zone), to: addMonths(anchor, (index + 1) * months, zone) };
}

/** Whole seconds of the period that have not begun at `at`. */
export function unusedSeconds({ from, to }: Period, at: Instant): bigint {
  if (at >= to) return 0n;
  return BigInt(Math.floor((to - Math.max(from, at)) / 1_000));
}

/**
 * What the rest of the period is worth at `at`. The share of a stretch is the difference of two of these: whatever the
 * cuts, the stretches of a period sum to its price to the micro, and none is negative.
 */
export function unusedMicros(priceMicros: Micros, period: Period, at: Instant): Micros {
  const whole = unusedSeconds(period, period.from);
  return whole === 0n ? 0n : mulDivFloor(priceMicros, unusedSeconds(period, at), whole);
}

/** What a change to a dearer plan costs now: the rest of the new one less the rest of the old one. Never negative. */
export function upgradeMicros(oldMicros: Micros, newMicros: Micros, period: Period, at: Instant): Micros {
  return unusedMicros(newMicros, period, at) - unusedMicros(oldMicros, period, at);
}

/** What comes back of a period that is given up, and what the platform keeps of it: together the unused share. */
export function releaseMicros(
  priceMicros: Micros,
  period: Period,
  at: Instant,
  rule: ReleaseRule,
): { refundMicros: Micros; feeMicros: Micros } {
  if (rule.refund === 'none') return { refundMicros: 0n, feeMicros: 0n };
  const unused = unusedMicros(priceMicros, period, at);
  const feeMicros = mulDivCeil(unused, BigInt(rule.feeBasisPoints), BASIS_POINTS);
  return { refundMicros: unused - feeMicros, feeMicros };
}
