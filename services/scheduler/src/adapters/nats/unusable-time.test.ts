import { describe, expect, it } from 'vitest';
import type { Attempt } from '../../domain/workload/attempt.ts';
import { unusableTime } from './event-log.ts';

const attempt = { epoch: 2, phase: 'lost', reservedAt: 1_000, boundAt: 2_000 } as Attempt;

describe('unusableTime', () => {
  it('is all of an attempt that was lost', () => {
    expect(unusableTime(attempt, 9_000)).toEqual({
      epoch: 2,
      reason: 'lost',
      from: new Date(2_000),
      to: new Date(9_000),
    });
  });

  it('is all of an attempt that never became ready', () => {
    const reason = { code: 'start_failed', message: '', details: {} } as const;
    expect(unusableTime({ ...attempt, phase: 'failed', reason }, 9_000)?.reason).toBe('never_ready');
  });

  it.each(['running', 'succeeded', 'cancelled', 'failed'] as const)('is none of an attempt that is %s', (phase) => {
    expect(unusableTime({ ...attempt, phase }, 9_000)).toBeUndefined();
  });
});
