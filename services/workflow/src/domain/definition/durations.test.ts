import { describe, expect, it } from 'vitest';
import { parseDuration } from './durations.ts';

describe('parseDuration', () => {
  it.each([
    [{ seconds: 5 }, 5_000],
    [{ hours: 1, minutes: 1, milliseconds: 1 }, 3_660_001],
    ['PT5S', 5_000],
    ['PT1.5S', 1_500],
    ['P1DT2H', 93_600_000],
    ['P1W', 604_800_000],
  ])('reads %j as %i ms', (value, ms) => {
    expect(parseDuration(value, 10 ** 12)).toBe(ms);
  });

  it.each([
    ['P'],
    ['PT'],
    ['5s'],
    ['P1Y'],
    ['P1M'],
    [{}],
    [{ years: 1 }],
    [{ seconds: 0.5 }],
    [{ seconds: -1 }],
    [5],
    [null],
  ])('refuses %j', (value) => {
    expect(parseDuration(value, 10 ** 12)).toBeUndefined();
  });
});
