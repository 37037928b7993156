import { SimClock } from '@suanli/test-kit';
import { describe, expect, it } from 'vitest';
import { HubAnswer, persist } from './persist.ts';

const never = new AbortController().signal;

describe('persist', () => {
  it.each([
    ['a connection that breaks', () => new Error('other side closed')],
    ['a gateway without a hub', () => new HubAnswer('GET answered 503', 503)],
    ['an upload that another attempt of ours still writes', () => new HubAnswer('PATCH answered 409', 409)],
  ])('goes on after %s', async (_what, failure) => {
    const clock = new SimClock();
    let tries = 0;
    const done = persist(clock, never, async () => {
      if (++tries < 3) throw failure();
      return 'done';
    });
    await clock.advance(10_000);
    expect([await done, tries]).toEqual(['done', 3]);
  });

  it.each([
    ['a file that is not there', new HubAnswer('GET answered 404', 404)],
    ['a key that is no longer good', new HubAnswer('GET answered 401', 401)],
  ])('gives up at once on %s', async (_what, failure) => {
    let tries = 0;
    const refused = persist(new SimClock(), never, () => {
      tries++;
      return Promise.reject(failure);
    });
    await expect(refused).rejects.toBe(failure);
    expect(tries).toBe(1);
  });

  it('gives up when the platform stays away, and when the task is stopped', async () => {
    const clock = new SimClock();
    const away = persist(clock, never, () => Promise.reject(new Error('nobody'))).catch((error: unknown) => error);
    await clock.advance(200_000);
    expect(await away).toEqual(new Error('nobody'));
    await expect(persist(clock, AbortSignal.abort(), () => Promise.reject(new Error('stopped')))).rejects.toThrow(
      'stopped',
    );
  });
});
