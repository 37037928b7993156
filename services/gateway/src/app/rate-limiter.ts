import type { RateDecision, RatePolicy } from '../domain/rate-limit/token-bucket.ts';

/** Takes one request out of a key's bucket, shared by all replicas. Never throws, never waits long. */
export interface RateLimiter {
  take(key: string, policy: RatePolicy): Promise<RateDecision>;
}
