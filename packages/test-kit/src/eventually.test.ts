import { describe, expect, it } from 'vitest';
import { eventually } from './eventually.ts';

describe('eventually', () => {
  it('returns what the check returns once it no longer throws or says false', async () => {
    let calls = 0;
    const value = await eventually(() => {
      calls += 1;
      if (calls === 1) throw new Error('not yet');
      return calls === 2 ? (false as const) : 'there';
    });
    expect(value).toBe('there');
  });

  it('fails with the last failure when time is up', async () => {
    await expect(eventually(() => Promise.reject(new Error('never')), { timeoutMs: 30 })).rejects.toThrow('never');
    await expect(eventually(() => false, { timeoutMs: 30 })).rejects.toThrow('stayed false');
  });
});
