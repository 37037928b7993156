import { describe, expect, it } from 'vitest';
import { SimClock } from './sim-clock.ts';

describe('SimClock', () => {
  it('stands still until it is moved', async () => {
    const clock = new SimClock(1_000);
    let isAwake = false;
    void clock.sleep(10).then(() => {
      isAwake = true;
    });
    await clock.advance(9);
    expect([clock.now(), clock.monotonicMs(), isAwake]).toEqual([1_009, 9, false]);
    await clock.advance(1);
    expect([clock.now(), isAwake]).toEqual([1_010, true]);
  });

  it('wakes sleepers in the order of their time, each at its own moment', async () => {
    const clock = new SimClock();
    const log: string[] = [];
    const sleeper = async (name: string, delayMs: number) => {
      await clock.sleep(delayMs);
      log.push(`${name} at ${clock.monotonicMs()}`);
    };
    void sleeper('c', 30);
    void sleeper('a', 10);
    void sleeper('b', 10);
    await clock.advance(100);
    expect(log).toEqual(['a at 10', 'b at 10', 'c at 30']);
  });

  it('lets a loop sleep again within one advance', async () => {
    const clock = new SimClock();
    let rounds = 0;
    void (async () => {
      for (;;) {
        await clock.sleep(10);
        rounds += 1;
      }
    })();
    await clock.advance(105);
    expect(rounds).toBe(10);
  });

  it('ends a sleep when its signal aborts, and forgets the sleeper', async () => {
    const clock = new SimClock();
    const stop = new AbortController();
    const asleep = clock.sleep(10, stop.signal);
    stop.abort();
    await asleep;
    expect(clock.sleeperCount()).toBe(0);
    await clock.sleep(10, stop.signal);
    expect(clock.monotonicMs()).toBe(0);
  });

  it('moves on to the next sleeper, and says when there is none', async () => {
    const clock = new SimClock();
    void clock.sleep(70);
    expect(await clock.advanceToNext()).toBe(true);
    expect(clock.monotonicMs()).toBe(70);
    expect(await clock.advanceToNext()).toBe(false);
  });

  it('steps the wall clock without moving durations', () => {
    const clock = new SimClock(1_000);
    clock.step(-500);
    expect([clock.now(), clock.monotonicMs()]).toEqual([500, 0]);
  });
});
