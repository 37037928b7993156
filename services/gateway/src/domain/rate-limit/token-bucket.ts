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
 * Takes one request out of the bucket. The Lua script of adapters/redis computes the very same; the conformance suite
 * runs both on the same sequences.
 */
export function takeRequest(
  policy: RatePolicy,
  state: BucketState | undefined,
  nowMicros: number,
): { decision: RateDecision; state: BucketState } {
  const windowMicros = policy.windowMs * 1000;
  const intervalMicros = windowMicros / policy.quota;
  const fullAt = Math.max(state ?? 0, nowMicros);
  const nextFullAt = fullAt + intervalMicros;
  const isAllowed = nextFullAt - nowMicros <= windowMicros;
  const keptFullAt = isAllowed ? nextFullAt : fullAt;
  const usedMicros = keptFullAt - nowMicros;
  return {
    decision: {
      isAllowed,
      remaining: Math.max(0, Math.floor((windowMicros - usedMicros) / intervalMicros)),
      resetMs: Math.ceil(usedMicros / 1000),
      retryAfterMs: isAllowed ? 0 : Math.ceil((nextFullAt - nowMicros - windowMicros) / 1000),
    },
    state: keptFullAt,
  };
}
