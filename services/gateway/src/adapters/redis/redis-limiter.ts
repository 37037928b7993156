import type { Clock, Logger } from '@suanli/kernel';
import { Redis } from 'ioredis';
import type { RateLimiter } from '../../app/rate-limiter.ts';
import { describeBucket } from '../../domain/rate-limit/token-bucket.ts';

/**
 * takeRequest of domain/rate-limit, in one atomic step on Redis' own clock. Answers allowed (0/1) and the time
 * until the bucket is full, in microseconds.
 */
const TAKE = `
local now = redis.call('TIME')
local now_us = tonumber(now[1]) * 1000000 + tonumber(now[2])
local quota = tonumber(ARGV[2])
local interval_us = math.ceil(tonumber(ARGV[1]) * 1000 / quota)
local full_at = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now_us)
local allowed = 0
if full_at + interval_us - now_us <= interval_us * quota then
  allowed = 1
  full_at = full_at + interval_us
  redis.call('SET', KEYS[1], string.format('%.0f', full_at), 'PX', math.ceil((full_at - now_us) / 1000) + 1)
end
return { allowed, string.format('%.0f', full_at - now_us) }
`;

/** For this long nobody waits for it again. */
const AVOID_MS = 1_000;
const KEY_PREFIX = 'suanli:gateway:requests:';

type LimiterRedis = Redis & {
  takeRequest(key: string, windowMs: number, quota: number): Promise<[number, string]>;
};

/**
 * Exact over all replicas while Redis is there. While it is away each replica limits by itself (`fallback`): a key then
 * gets at most its quota at each replica, and nobody is shut out by a lost cache.
 */
export function createRedisLimiter(options: {
  url: string;
  /** A Redis that does not answer within this is taken as away. */
  timeoutMs: number;
  clock: Clock;
  logger: Logger;
  fallback: RateLimiter;
}): RateLimiter & AsyncDisposable {
  const { clock, logger, fallback } = options;
  const redis = new Redis(options.url, {
    connectionName: 'gateway-limiter',
    commandTimeout: options.timeoutMs,
    connectTimeout: 2_000,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt) => Math.min(attempt * 100, 2_000),
    scripts: { takeRequest: { lua: TAKE, numberOfKeys: 1 } },
  }) as LimiterRedis;
  redis.on('error', (error: Error) => logger.debug({ error: error.message }, 'redis connection'));
  let avoidUntilMs = 0;
  let isAway = false;

  return {
    async take(key, policy) {
      if (clock.monotonicMs() < avoidUntilMs) return fallback.take(key, policy);
      try {
        const [allowed, usedMicros] = await redis.takeRequest(KEY_PREFIX + key, policy.windowMs, policy.quota);
        if (isAway) logger.info({}, 'limits are shared again');
        isAway = false;
        return describeBucket(policy, Number(usedMicros), allowed === 1);
      } catch (error) {
        if (!isAway) logger.warn({ error: String(error) }, 'redis is away: limits hold for each replica by itself');
        isAway = true;
        avoidUntilMs = clock.monotonicMs() + AVOID_MS;
        return fallback.take(key, policy);
      }
    },
    async [Symbol.asyncDispose]() {
      redis.disconnect();
    },
  };
}
