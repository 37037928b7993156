import { describe, expect, it } from 'vitest';
import { systemClock } from './clock.ts';
import { seededRng } from './rng.ts';

describe('systemClock.sleep', () => {
  it('ends at once when its signal aborts, before or during', async () => {
    const early = AbortSignal.abort();
    await systemClock.sleep(60_000, early);
    const during = new AbortController();
    const sleeping = systemClock.sleep(60_000, during.signal);
    during.abort();
    await expect(sleeping).resolves.toBeUndefined();
  });
});

describe('seededRng', () => {
  it('gives the same numbers for the same seed, all in [0, 1), spread evenly', () => {
    const [a, b] = [seededRng(7), seededRng(7)];
    const numbers = Array.from({ length: 10_000 }, () => a.next());
    expect(Array.from({ length: 10_000 }, () => b.next())).toEqual(numbers);
    expect(numbers.every((number) => number >= 0 && number < 1)).toBe(true);
    const mean = numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.02);
  });
});
