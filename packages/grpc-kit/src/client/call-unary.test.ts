import { seededRng } from '@suanli/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RETRY_FIRST_MS, RETRY_MAX_MS } from '../limits.ts';
import { backoffMs } from './call-unary.ts';

describe('backoffMs', () => {
  it('stays between half a first pause and the longest one, for any attempt and chance', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000 }), fc.integer(), (attempt, seed) => {
        const pauseMs = backoffMs(attempt, seededRng(seed));
        expect(pauseMs).toBeGreaterThanOrEqual(RETRY_FIRST_MS / 2);
        expect(pauseMs).toBeLessThanOrEqual(RETRY_MAX_MS);
      }),
    );
  });
});
