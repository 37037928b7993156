import { describe, expect, it } from 'vitest';
import { nextCheckOf } from './next-check.ts';
import type { RechargeStatus } from './recharge.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const at = (status: RechargeStatus, checkCount = 0) => ({ status, checkCount, createdAt: 0, expiresAt: DAY_MS });

describe('the next look at a recharge', () => {
  it.each([
    ['comes soon while it is awaited', at('pending'), true, 0, 15_000],
    ['comes in doubling steps', at('pending', 3), true, 1_000, 121_000],
    ['comes every 15 minutes at the latest', at('pending', 90), true, 0, 900_000],
    ['comes when the offer ends', at('pending', 90), true, DAY_MS - 1, DAY_MS],
    ['goes on after the end until it is settled', at('pending', 90), true, DAY_MS, DAY_MS + 900_000],
    ['waits for the end of the offer where nobody can be asked', at('pending'), false, 0, DAY_MS],
    ['comes hourly after success', at('succeeded'), true, HOUR_MS, 2 * HOUR_MS],
    ['comes weekly at the latest after success', at('succeeded'), true, 100 * DAY_MS, 107 * DAY_MS],
    ['never comes when it cannot be disputed any more', at('succeeded'), true, 180 * DAY_MS, undefined],
    ['never comes after success where nobody can be asked', at('succeeded'), false, 0, undefined],
    ['never comes after failure', at('failed'), true, 0, undefined],
    [
      'comes in an hour though the clock went back to before the beginning',
      at('succeeded'),
      true,
      -DAY_MS,
      HOUR_MS - DAY_MS,
    ],
  ] as const)('%s', (_what, recharge, canBeAsked, now, next) => {
    expect(nextCheckOf(recharge, canBeAsked, now)).toBe(next);
  });
});
