import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { A_PRICE, anAttempt, aSpec, NOW } from '../../testing/builders.ts';
import { costOf, fund, type FundingPolicy, isRunningOut } from './funding.ts';

const policy: FundingPolicy = { runwayMs: 60_000, warningMs: 30_000, killMs: 10_000 };
const at = { reservedAt: NOW, now: NOW };

describe('funding', () => {
  it('covers runway, warning, grace and kill from the first millisecond', () => {
    const spec = aSpec({ graceSeconds: 5 });
    expect(fund(spec, A_PRICE, at, policy)).toEqual({
      fundedUntil: NOW + 90_000,
      extendAt: NOW + 30_000,
      holdMicros: costOf(spec, A_PRICE, 105_000),
      holdExpiresAt: NOW + 105_000,
    });
  });

  it('never holds more than the longest run costs', () => {
    const spec = aSpec({ maxRunSeconds: 10, graceSeconds: 0 });
    expect(fund(spec, A_PRICE, { reservedAt: NOW, now: NOW + 3_600_000 }, policy).holdMicros).toBe(
      costOf(spec, A_PRICE, 20_000),
    );
  });

  it('pays the grace of a job that may go on while it is cut off', () => {
    const kept = aSpec({ onDisconnect: 'keep', disconnectGraceSeconds: 300 });
    expect(fund(kept, A_PRICE, at, policy).fundedUntil).toBe(NOW + 390_000);
  });

  it('always covers the charge for what may run until it ends', () => {
    const spec = fc.record({
      milliGpus: fc.constantFrom(0, 250, 1000, 4000),
      taskCount: fc.integer({ min: 1, max: 16 }),
      graceSeconds: fc.integer({ min: 0, max: 300 }),
    });
    const amountMicros = fc.bigInt({ min: 1n, max: 10n ** 12n });
    fc.assert(
      fc.property(spec, amountMicros, fc.integer({ min: 0, max: 3_600_000 }), (fields, micros, elapsedMs) => {
        const job = aSpec(fields);
        const price = { ...A_PRICE, amountMicros: micros };
        const funding = fund(job, price, { reservedAt: NOW, now: NOW + elapsedMs }, policy);
        const longestMs =
          Math.min(funding.fundedUntil - NOW, job.maxRunSeconds * 1000) + job.graceSeconds * 1000 + policy.killMs;
        const perTask = BigInt(job.milliGpus || job.milliCpus) * BigInt(longestMs);
        const charge = (perTask * BigInt(job.taskCount) * micros) / price.perQuantity;
        expect(funding.holdMicros >= charge).toBe(true);
      }),
    );
  });

  it('warns when only the warning time is left', () => {
    const attempt = anAttempt({ fundedUntil: NOW + 30_001 });
    expect(isRunningOut(aSpec(), attempt, NOW, policy)).toBe(false);
    expect(isRunningOut(aSpec(), attempt, NOW + 1, policy)).toBe(true);
  });
});
