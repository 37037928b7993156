/** A quota of `quota` requests in every `windowMs`; all of it may be used at once after a pause. */
export type RatePolicy = { quota: number; windowMs: number };

/**
 * The whole state of a bucket: the time (microseconds) at which it will be full again, the "theoretical arrival time"
 * of the generic cell rate algorithm. One number, so that one compare-and-set decides.
 */
export type BucketState = number;

export type RateDecision = {
  isAllowed: boolean;
  /** Requests left right now. */
  remaining: number;
  /** Until the bucket is full again. */
  resetMs: number;
  /** Until one more request would pass; 0 when allowed. */
  retryAfterMs: number;
};

/**
 * Takes one request out of the bucket. Whole microseconds throughout, because fractions of a present time would be
 * rounded and cost the last request; the interval is rounded up, so the rate is never above the policy. The Lua script
 * of adapters/redis computes the very same; a test runs both on the same sequences.
 */
export function takeRequest(
  policy: RatePolicy,
  state: BucketState | undefined,
  nowMicros: number,
): { decision: RateDecision; state: BucketState } {
  const intervalMicros = Math.ceil((policy.windowMs * 1000) / policy.quota);
  const fullAt = Math.max(state ?? 0, nowMicros);
  const isAllowed = fullAt + intervalMicros - nowMicros <= intervalMicros * policy.quota;
  const keptFullAt = isAllowed ? fullAt + intervalMicros : fullAt;
  return { decision: describeBucket(policy, keptFullAt - nowMicros, isAllowed), state: keptFullAt };
}

/** What a bucket that is full again in `usedMicros` means to its user. */
export function describeBucket(policy: RatePolicy, usedMicros: number, isAllowed: boolean): RateDecision {
  const intervalMicros = Math.ceil((policy.windowMs * 1000) / policy.quota);
  const capacityMicros = intervalMicros * policy.quota;
  return {
    isAllowed,
    remaining: Math.max(0, Math.floor((capacityMicros - usedMicros) / intervalMicros)),
    resetMs: Math.ceil(usedMicros / 1000),
    retryAfterMs: isAllowed ? 0 : Math.ceil((usedMicros + intervalMicros - capacityMicros) / 1000),
  };
}
