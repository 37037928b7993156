import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideDelivery, RETRY_DELAYS_MS } from './decide-delivery.ts';
import { wants } from './webhook.ts';

const NOW = 1_000_000;
const after = (result: Parameters<typeof decideDelivery>[0], attempts = 1, chance = 0.5) =>
  decideDelivery(result, { attempts, now: NOW, chance });

describe('a delivery', () => {
  it('has arrived with 2xx alone', () => {
    for (const httpStatus of [200, 201, 202, 204, 299]) expect(after({ httpStatus })).toEqual({ kind: 'delivered' });
    for (const httpStatus of [100, 301, 302, 307, 308, 400, 404, 500]) expect(after({ httpStatus }).kind).toBe('retry');
    expect(after({}).kind).toBe('retry');
  });

  it('is tried ten times over three days, within a fifth of its schedule, and then given up', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (attempts, chance) => {
          const decision = after({ httpStatus: 500 }, attempts, chance);
          if (decision.kind !== 'retry') throw new Error(decision.kind);
          const delayMs = RETRY_DELAYS_MS[attempts] ?? 0;
          expect(Math.abs(decision.nextAt - NOW - delayMs)).toBeLessThanOrEqual(delayMs * 0.2 + 1);
        },
      ),
    );
    expect(after({ httpStatus: 500 }, 10)).toEqual({ kind: 'given_up', disable: 'failing' });
  });

  it('to an endpoint that is gone is given up at once', () => {
    expect(after({ httpStatus: 410 })).toEqual({ kind: 'given_up', disable: 'gone' });
  });

  it('waits as long as an endpoint asks that is busy, never less than its schedule, never more than a day', () => {
    expect(after({ httpStatus: 429, retryAfterMs: 60_000 })).toEqual({ kind: 'retry', nextAt: NOW + 60_000 });
    expect(after({ httpStatus: 504, retryAfterMs: 1 })).toEqual({ kind: 'retry', nextAt: NOW + 5_000 });
    expect(after({ httpStatus: 502, retryAfterMs: 10 ** 12 })).toEqual({ kind: 'retry', nextAt: NOW + 86_400_000 });
    expect(after({ httpStatus: 500, retryAfterMs: 60_000 })).toEqual({ kind: 'retry', nextAt: NOW + 5_000 });
  });
});

describe('an endpoint', () => {
  it('hears what it asked for, all when it asked for nothing, nothing when it is disabled', () => {
    expect(wants({ status: 'enabled', eventTypes: [] }, 'job.finished')).toBe(true);
    expect(wants({ status: 'enabled', eventTypes: ['hold.expired'] }, 'job.finished')).toBe(false);
    expect(wants({ status: 'enabled', eventTypes: ['hold.expired'] }, 'hold.expired')).toBe(true);
    expect(wants({ status: 'disabled', eventTypes: [] }, 'job.finished')).toBe(false);
  });
});
