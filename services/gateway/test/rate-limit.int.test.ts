import { redisUrl, silentLogger, SimClock } from '@suanli/test-kit';
import { systemClock } from '@suanli/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRedisLimiter } from '../src/adapters/redis/redis-limiter.ts';
import { createLocalLimiter } from '../src/app/local-limiter.ts';
import { gatewayLab, type Lab, type Tenant } from './support/gateway-lab.ts';

let lab: Lab;
let acme: Tenant;
beforeAll(async () => {
  lab = await gatewayLab();
  acme = await lab.openAccount();
});
afterAll(() => lab[Symbol.asyncDispose]());

const limitedKey = async (requestsPerMinute: number) =>
  (
    (await acme.rest.post('/v1/api-keys', { name: 'limited', requests_per_minute: requestsPerMinute })).body as {
      secret: string;
    }
  ).secret;

describe('the rate limit of a key', () => {
  it('is exact over two replicas and many requests at once', async () => {
    const other = await lab.startReplica();
    const secret = await limitedKey(20);
    const [here, there] = [lab.client(lab.gateway, secret), lab.client(other, secret)];
    const startedMs = Date.now();
    const answers = await Promise.all(Array.from({ length: 60 }, (_, i) => (i % 2 === 0 ? here : there).get('/v1/me')));
    const refilled = Math.floor((Date.now() - startedMs) / 3_000);
    const passed = answers.filter((answer) => answer.status === 200).length;
    expect(passed).toBeGreaterThanOrEqual(20);
    expect(passed).toBeLessThanOrEqual(20 + refilled);
  });

  it('is told with every answer, and when to come back with a refusal', async () => {
    const rest = lab.client(lab.gateway, await limitedKey(2));
    const first = await rest.get('/v1/me');
    expect(first.headers.get('ratelimit-policy')).toBe('"requests";q=2;w=60');
    expect(first.headers.get('ratelimit')).toMatch(/^"requests";r=1;t=\d+$/);
    await rest.get('/v1/me');
    const refused = await rest.get('/v1/me');
    expect([refused.status, refused.body]).toMatchObject([429, { code: 'rate_limited', retryable: true }]);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(30);
  });

  it('of one key leaves another alone', async () => {
    const [busy, calm] = [lab.client(lab.gateway, await limitedKey(1)), lab.client(lab.gateway, await limitedKey(1))];
    await busy.get('/v1/me');
    expect((await busy.get('/v1/me')).status).toBe(429);
    expect((await calm.get('/v1/me')).status).toBe(200);
  });
});

describe('the two limiters', () => {
  it('answer alike: the one in Redis and the one in memory', async () => {
    const clock = new SimClock();
    const local = createLocalLimiter(clock);
    await using shared = createRedisLimiter({
      url: redisUrl(),
      timeoutMs: 10_000,
      clock: systemClock,
      logger: silentLogger,
      fallback: { take: () => Promise.reject(new Error('Redis was there')) },
    });
    for (const quota of [1, 3, 7, 123, 1_000]) {
      // A window of a day: nothing is refilled while the test runs.
      const policy = { quota, windowMs: 86_400_000 };
      for (let i = 0; i < Math.min(quota + 3, 150); i++) {
        const [a, b] = [await local.take(`alike-${quota}`, policy), await shared.take(`alike-${quota}`, policy)];
        expect({ quota, i, isAllowed: b.isAllowed, remaining: b.remaining }).toEqual({
          quota,
          i,
          isAllowed: a.isAllowed,
          remaining: a.remaining,
        });
      }
    }
  });

  it('while Redis is away each replica limits by itself, without making anyone wait', async () => {
    const clock = new SimClock();
    await using limiter = createRedisLimiter({
      url: 'redis://127.0.0.1:1',
      timeoutMs: 250,
      clock,
      logger: silentLogger,
      fallback: createLocalLimiter(clock),
    });
    const startedMs = performance.now();
    const answers = [];
    for (let i = 0; i < 5; i++) answers.push((await limiter.take('key', { quota: 3, windowMs: 60_000 })).isAllowed);
    expect(answers).toEqual([true, true, true, false, false]);
    expect(performance.now() - startedMs).toBeLessThan(1_500);
  });
});
