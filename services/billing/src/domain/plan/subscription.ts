import type { Instant, Micros, TenantPath } from '@suanli/kernel';
import { SHANGHAI } from '../calendar/calendar.ts';
import type { Plan } from './plan.ts';
import { COMMITMENT_POLICY, type ExpiryMode } from './policy.ts';
import { type Period, periodOf } from './proration.ts';

/** A plan as it was bought: a later version of the plan changes nothing of it. */
export type Terms = {
  planId: string;
  planCode: string;
  quantity: number;
  /** Of all units for one period. */
  priceMicros: Micros;
};

export type EndReason = 'stopped' | 'converted' | 'renewal_unpaid' | 'plan_withdrawn' | 'released';

/** A commitment that an account has bought. At any time it stands in one paid period. */
export type Subscription = {
  id: string;
  tenant: TenantPath;
  status: 'active' | 'ended';
  endReason?: EndReason;
  terms: Terms;
  expiryMode: ExpiryMode;
  /** Start of the first period in which plan lengths are counted from here. */
  anchorAt: Instant;
  /** How long one period is; with the anchor it gives every period. */
  period: Plan['period'];
  periodIndex: number;
  periodFrom: Instant;
  periodTo: Instant;
  /** The order that paid the running period; upgrades have orders of their own. */
  orderId: string;
  /** The next period when it is paid already. */
  next?: { terms: Terms; orderId: string };
  /** A cheaper plan that begins with the next period. */
  scheduled?: { planCode: string; quantity: number };
  /** The latest renewal attempt that was made in the running period. */
  lastAttempt?: number;
  /** When the loop has to look again: the next renewal attempt, or the end of the period. Absent once it ended. */
  dueAt?: Instant;
  /** Grows with each change. */
  version: bigint;
  createdAt: Instant;
  endedAt?: Instant;
};

export function termsOf(plan: Plan, quantity: number): Terms {
  return { planId: plan.id, planCode: plan.code, quantity, priceMicros: plan.priceMicros * BigInt(quantity) };
}

export function currentPeriod({ periodFrom, periodTo }: Subscription): Period {
  return { from: periodFrom, to: periodTo };
}

/** The period after the running one, without paying for it. */
export function nextPeriod({ anchorAt, period, periodIndex }: Subscription): Period {
  return periodOf(anchorAt, period, periodIndex + 1, SHANGHAI);
}

/** Renewal attempts are numbered from 0; the last one is at the end of the period. */
export function attemptAt(subscription: Subscription, number: number): Instant {
  const { firstBeforeEndMs, everyMs } = COMMITMENT_POLICY.renewal;
  return Math.min(subscription.periodTo, subscription.periodTo - firstBeforeEndMs + number * everyMs);
}

export const LAST_ATTEMPT = COMMITMENT_POLICY.renewal.firstBeforeEndMs / COMMITMENT_POLICY.renewal.everyMs;

/** The latest attempt whose time has come; undefined before the first. Attempts missed while nobody looked are not made up. */
export function attemptDue(subscription: Subscription, now: Instant): number | undefined {
  const { firstBeforeEndMs, everyMs } = COMMITMENT_POLICY.renewal;
  const passed = Math.floor((now - (subscription.periodTo - firstBeforeEndMs)) / everyMs);
  return passed < 0 ? undefined : Math.min(passed, LAST_ATTEMPT);
}

/** With the `dueAt` that follows from the rest: renewals need attempts before the end, everything else the end alone. */
export function withDueAt(subscription: Subscription, now: Instant): Subscription {
  const { dueAt: _before, ...rest } = subscription;
  if (subscription.status === 'ended') return rest;
  if (!wantsRenewal(subscription)) return { ...rest, dueAt: subscription.periodTo };
  const following = (subscription.lastAttempt ?? -1) + 1;
  return { ...rest, dueAt: attemptAt(subscription, Math.max(following, attemptDue(subscription, now) ?? 0)) };
}

/** It is to go on, and what comes next is not paid. */
export function wantsRenewal({ status, expiryMode, next }: Subscription): boolean {
  return status === 'active' && expiryMode === 'renew' && next === undefined;
}
