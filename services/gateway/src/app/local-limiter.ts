import type { Clock } from '@suanli/kernel';
import type { RateLimiter } from './rate-limiter.ts';
import { type BucketState, takeRequest } from '../domain/rate-limit/token-bucket.ts';

const MAX_BUCKETS = 10_000;

/** Limits of this replica alone; the oldest buckets are forgotten first. */
export function createLocalLimiter(clock: Clock): RateLimiter {
  const buckets = new Map<string, BucketState>();
  return {
    async take(key, policy) {
      const { decision, state } = takeRequest(policy, buckets.get(key), Math.floor(clock.monotonicMs() * 1000));
      buckets.delete(key);
      const oldest = buckets.keys().next();
      if (buckets.size >= MAX_BUCKETS && !oldest.done) buckets.delete(oldest.value);
      buckets.set(key, state);
      return decision;
    },
  };
}
