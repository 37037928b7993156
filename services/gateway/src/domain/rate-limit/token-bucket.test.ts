import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BucketState, type RatePolicy, takeRequest } from './token-bucket.ts';

/** Answers of a bucket to requests at these times (microseconds, rising). */
function replay(policy: RatePolicy, timesMicros: readonly number[]): boolean[] {
  let state: BucketState | undefined;
  return timesMicros.map((now) => {
    const taken = takeRequest(policy, state, now);
    state = taken.state;
    return taken.decision.isAllowed;
  });
}

const START_MICROS = 1_760_000_000_000_000;
const policies = fc.record({ quota: fc.integer({ min: 1, max: 500 }), windowMs: fc.constantFrom(1_000, 60_000) });
const gaps = fc.array(fc.integer({ min: 0, max: 5_000_000 }), { minLength: 1, maxLength: 300 });

describe('takeRequest', () => {
  it('lets exactly the quota pass at one moment', () => {
    fc.assert(
      fc.property(policies, fc.integer({ min: 1, max: 700 }), (policy, asked) => {
        const allowed = replay(policy, Array(asked).fill(START_MICROS)).filter(Boolean).length;
        expect(allowed).toBe(Math.min(asked, policy.quota));
      }),
    );
  });

  it('never lets more pass in any stretch of time than the quota and what was refilled in it', () => {
    fc.assert(
      fc.property(policies, gaps, (policy, between) => {
        let now = START_MICROS;
        const times = between.map((gap) => (now += gap));
        const answers = replay(policy, times);
        const passed = times.filter((_, i) => answers[i]);
        const intervalMicros = (policy.windowMs * 1_000) / policy.quota;
        for (let from = 0; from < passed.length; from += 7) {
          const inWindow = passed.length - from;
          const stretch = (passed.at(-1) ?? 0) - (passed[from] ?? 0);
          expect(inWindow).toBeLessThanOrEqual(policy.quota + stretch / intervalMicros + 1e-6);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('passes a request that waited as long as it was told, and not a millisecond-and-a-bit before', () => {
    fc.assert(
      fc.property(policies, (policy) => {
        let state: BucketState | undefined;
        for (let i = 0; i < policy.quota; i++) ({ state } = takeRequest(policy, state, START_MICROS));
        const refused = takeRequest(policy, state, START_MICROS).decision;
        expect(refused).toMatchObject({ isAllowed: false, remaining: 0 });
        const later = START_MICROS + refused.retryAfterMs * 1_000;
        expect(takeRequest(policy, state, later).decision.isAllowed).toBe(true);
        expect(takeRequest(policy, state, later - 1_001).decision.isAllowed).toBe(false);
      }),
    );
  });

  it('counts down what remains', () => {
    const policy = { quota: 3, windowMs: 60_000 };
    let state: BucketState | undefined;
    const remaining = [1, 2, 3].map(() => {
      const taken = takeRequest(policy, state, START_MICROS);
      state = taken.state;
      return taken.decision.remaining;
    });
    expect(remaining).toEqual([2, 1, 0]);
  });
});
