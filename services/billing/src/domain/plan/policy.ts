import { DAY_MS } from '../calendar/calendar.ts';
import type { PlanBenefit, PlanPeriod } from './plan.ts';

/** What ending early costs, by what was bought. `refund: 'none'`: nothing comes back, what was bought runs to its end. */
export type ReleaseRule = {
  benefit: PlanBenefit['kind'];
  period: PlanPeriod;
  refund: 'unused_seconds' | 'none';
  /** Basis points (1/10,000) of the unused share that the platform keeps. */
  feeBasisPoints: number;
};

/**
 * The one table of rules for commitments: the code decides by it, `GET /v1/commitment-policy` serves it, and the API
 * guide quotes it. Every part of a period is counted in whole seconds; a second that has begun is used.
 */
export const COMMITMENT_POLICY = {
  version: 1,
  /** The first attempt this long before the end of the period, then one each `everyMs`, the last one at the end. */
  renewal: { firstBeforeEndMs: 7 * DAY_MS, everyMs: DAY_MS },
  /** Paid in advance, of the whole period. */
  purchase: { effective: 'at_once', charge: 'whole_period' },
  /** Both shares are rounded down. */
  upgrade: { effective: 'at_once', charge: 'difference_of_remaining_seconds' },
  downgrade: { effective: 'period_end', charge: 'next_period_at_new_price' },
  /** A next period that is paid but has not begun comes back whole when the plan is changed, released or stopped. */
  prepaidNextPeriod: { refund: 'whole' },
  release: [
    { benefit: 'reservation', period: 'month', refund: 'unused_seconds', feeBasisPoints: 1_000 },
    { benefit: 'reservation', period: 'year', refund: 'unused_seconds', feeBasisPoints: 2_000 },
    // Credit could be spent on the first day: nothing is left to give back.
    { benefit: 'credit', period: 'month', refund: 'none', feeBasisPoints: 0 },
    { benefit: 'credit', period: 'year', refund: 'none', feeBasisPoints: 0 },
  ],
  expiry: [
    { mode: 'renew', atPeriodEnd: 'next_period_if_paid_else_stop' },
    { mode: 'stop', atPeriodEnd: 'ends' },
    { mode: 'convert_to_pay_as_you_go', atPeriodEnd: 'ends_and_resources_go_on_at_list_price' },
  ],
} as const satisfies CommitmentPolicy;

export type CommitmentPolicy = {
  version: number;
  renewal: { firstBeforeEndMs: number; everyMs: number };
  purchase: { effective: string; charge: string };
  upgrade: { effective: string; charge: string };
  downgrade: { effective: string; charge: string };
  prepaidNextPeriod: { refund: string };
  release: readonly ReleaseRule[];
  expiry: readonly { mode: ExpiryMode; atPeriodEnd: string }[];
};

export type ExpiryMode = 'renew' | 'stop' | 'convert_to_pay_as_you_go';

export function isExpiryMode(text: string): text is ExpiryMode {
  return COMMITMENT_POLICY.expiry.some((rule) => rule.mode === text);
}

/** The table has a row for every kind of plan: its test says so. */
export function releaseRule(benefit: PlanBenefit['kind'], period: PlanPeriod): ReleaseRule | undefined {
  return COMMITMENT_POLICY.release.find((rule) => rule.benefit === benefit && rule.period === period);
}
