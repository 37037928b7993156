import type { Instant, Micros } from '@suanli/kernel';
import type { EndReason, Subscription, Terms } from './subscription.ts';
import { attemptDue, nextPeriod, wantsRenewal, withDueAt } from './subscription.ts';

/** How one attempt to pay the next period ended. Kept for good. */
export type RenewalAttempt = {
  subscriptionId: string;
  /** Grows with each attempt of the subscription. */
  sequence: bigint;
  /** The period to be paid. */
  periodIndex: number;
  number: number;
  result: 'paid' | 'insufficient_funds' | 'account_frozen' | 'plan_withdrawn' | 'refused';
  amountMicros: Micros;
  /** How much more money it would have taken. */
  missingMicros: Micros;
  orderId?: string;
  attemptedAt: Instant;
};

/** What the loop has to do with a subscription now. */
export type DueStep =
  | { kind: 'none' }
  | { kind: 'attempt'; number: number }
  | { kind: 'roll' }
  | { kind: 'end'; reason: EndReason };

/**
 * Attempts come before the end, also the last one at the very end; then the period rolls on if the next one is paid,
 * and the subscription ends if not. A clock that goes back finds nothing to do.
 */
export function dueStep(subscription: Subscription, now: Instant): DueStep {
  if (subscription.status === 'ended') return { kind: 'none' };
  const due = wantsRenewal(subscription) ? attemptDue(subscription, now) : undefined;
  if (due !== undefined && due > (subscription.lastAttempt ?? -1)) return { kind: 'attempt', number: due };
  if (now < subscription.periodTo) return { kind: 'none' };
  if (subscription.next !== undefined) return { kind: 'roll' };
  return { kind: 'end', reason: END_REASONS[subscription.expiryMode] };
}

const END_REASONS = {
  renew: 'renewal_unpaid',
  stop: 'stopped',
  convert_to_pay_as_you_go: 'converted',
} as const satisfies Record<Subscription['expiryMode'], EndReason>;

/** After an attempt: the next period is paid by an order, or is not. */
export function afterAttempt(
  subscription: Subscription,
  number: number,
  paid: { terms: Terms; orderId: string } | undefined,
  now: Instant,
): Subscription {
  const attempted = { ...subscription, lastAttempt: number, version: subscription.version + 1n };
  return withDueAt(paid === undefined ? attempted : { ...attempted, next: paid }, now);
}

/** Into the next period, which is paid. */
export function rolled(subscription: Subscription, now: Instant): Subscription {
  const { next, scheduled: _begun, lastAttempt: _over, ...rest } = subscription;
  if (next === undefined) return subscription;
  const { from, to } = nextPeriod(subscription);
  const begun = {
    ...rest,
    terms: next.terms,
    orderId: next.orderId,
    periodIndex: subscription.periodIndex + 1,
    periodFrom: from,
    periodTo: to,
    version: subscription.version + 1n,
  };
  return withDueAt(begun, now);
}

/** Ended at the end of its period, however late that is noticed. */
export function ended(subscription: Subscription, reason: EndReason, now: Instant): Subscription {
  const over = {
    ...subscription,
    status: 'ended' as const,
    endReason: reason,
    endedAt: subscription.periodTo,
    version: subscription.version + 1n,
  };
  return withDueAt(over, now);
}
