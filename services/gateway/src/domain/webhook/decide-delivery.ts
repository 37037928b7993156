import type { Instant } from '@suanli/kernel';
import type { DisabledReason } from './webhook.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** Waits before each try: the first comes at once, the last more than three days after it. */
export const RETRY_DELAYS_MS = [
  0,
  5 * SECOND_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  14 * HOUR_MS,
  20 * HOUR_MS,
  24 * HOUR_MS,
] as const;
/** Each wait is longer or shorter by up to this share, so that what failed together does not come back together. */
const JITTER = 0.2;
/** An endpoint may ask for more time, but not for ever. */
const MAX_RETRY_AFTER_MS = 24 * HOUR_MS;
const GONE = 410;
const ASKS_FOR_TIME = [429, 502, 504];

/** What came of one try; without a status no answer came. */
export type TryResult = { httpStatus?: number; retryAfterMs?: number };

export type DeliveryDecision =
  | { kind: 'delivered' }
  | { kind: 'retry'; nextAt: Instant }
  | { kind: 'given_up'; disable: DisabledReason };

/**
 * What follows from try number `attempts`, counted from 1. Only 2xx is an answer: a redirect is none, it would send signed
 * messages where nobody has agreed to. `chance` is from [0, 1).
 */
export function decideDelivery(
  result: TryResult,
  { attempts, now, chance }: { attempts: number; now: Instant; chance: number },
): DeliveryDecision {
  const { httpStatus, retryAfterMs = 0 } = result;
  if (httpStatus !== undefined && httpStatus >= 200 && httpStatus < 300) return { kind: 'delivered' };
  if (httpStatus === GONE) return { kind: 'given_up', disable: 'gone' };
  const delayMs = RETRY_DELAYS_MS[attempts];
  if (delayMs === undefined) return { kind: 'given_up', disable: 'failing' };
  const jitteredMs = Math.round(delayMs * (1 - JITTER + 2 * JITTER * chance));
  const mayAsk = httpStatus !== undefined && ASKS_FOR_TIME.includes(httpStatus);
  const askedMs = mayAsk ? Math.min(retryAfterMs, MAX_RETRY_AFTER_MS) : 0;
  return { kind: 'retry', nextAt: now + Math.max(jitteredMs, askedMs) };
}
