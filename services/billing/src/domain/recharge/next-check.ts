import type { Instant } from '@suanli/kernel';
import type { Recharge } from './recharge.ts';

const FIRST_MS = 15_000;
const PENDING_MAX_MS = 15 * 60_000;
const SETTLED_MIN_MS = 3_600_000;
const SETTLED_MAX_MS = 7 * 24 * 3_600_000;
/** A payer's bank may dispute a payment for this long. */
const DISPUTABLE_MS = 180 * 24 * 3_600_000;
/** 15 s · 2^6 is above the limit already. */
const MAX_DOUBLINGS = 6;

/**
 * When to ask the provider next, should no webhook come: in doubling steps while the payment is awaited, then in steps
 * of a quarter of its age as long as it can be disputed. A channel that cannot be asked is looked at when the offer ends.
 */
export function nextCheckOf(
  recharge: Pick<Recharge, 'status' | 'expiresAt' | 'checkCount' | 'createdAt'>,
  canBeAsked: boolean,
  now: Instant,
): Instant | undefined {
  const { status, expiresAt, checkCount, createdAt } = recharge;
  if (status === 'failed' || status === 'expired') return undefined;
  if (status === 'succeeded') {
    const ageMs = Math.max(0, now - createdAt);
    if (!canBeAsked || ageMs >= DISPUTABLE_MS) return undefined;
    return now + Math.min(SETTLED_MAX_MS, Math.max(SETTLED_MIN_MS, Math.floor(ageMs / 4)));
  }
  if (!canBeAsked) return expiresAt;
  const pauseMs = Math.min(PENDING_MAX_MS, FIRST_MS * 2 ** Math.min(checkCount, MAX_DOUBLINGS));
  const isBefore = now < expiresAt;
  return isBefore ? Math.min(now + pauseMs, expiresAt) : now + pauseMs;
}
