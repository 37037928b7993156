import { seededRng, type Logger } from '@suanli/kernel';
import { silentLogger, SimClock } from '@suanli/test-kit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  LOOP_HEALTHY_AFTER_MS,
  LOOP_RESTART_FIRST_MS,
  LOOP_RESTART_MAX_MS,
  LOOP_STOP_LIMIT_MS,
  LOOP_UNREADY_AFTER_FALLS,
} from './limits.ts';
import { restartPauseMs, superviseLoops } from './supervise-loops.ts';

const setup = (logger: Logger = silentLogger) => {
  const clock = new SimClock();
  return { clock, loops: superviseLoops({ logger, clock, rng: seededRng(1) }) };
};
const untilAborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

describe('superviseLoops', () => {
  it('starts a loop again that throws or returns early', async () => {
    const { clock, loops } = setup();
    let starts = 0;
    loops.run('relay', async (signal) => {
      starts += 1;
      if (starts === 1) throw new Error('lost');
      if (starts > 2) await untilAborted(signal);
    });
    await clock.advance(10 * LOOP_RESTART_FIRST_MS);
    expect(starts).toBe(3);
    await loops[Symbol.asyncDispose]();
  });

  it('waits longer after each fall, but never longer than the bound', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), fc.integer(), (falls, seed) => {
        const pauseMs = restartPauseMs(falls, seededRng(seed));
        expect(pauseMs).toBeGreaterThanOrEqual(
          Math.min(LOOP_RESTART_MAX_MS, LOOP_RESTART_FIRST_MS * 2 ** (falls - 1)) / 2,
        );
        expect(pauseMs).toBeLessThanOrEqual(LOOP_RESTART_MAX_MS);
      }),
    );
  });

  it('makes the replica unready while a loop keeps falling, and ready again after a healthy stretch', async () => {
    const { clock, loops } = setup();
    let falls = 0;
    loops.run('steady', untilAborted);
    loops.run('shaky', async (signal) => {
      if (falls === LOOP_UNREADY_AFTER_FALLS) return untilAborted(signal);
      falls += 1;
      throw new Error('lost');
    });
    expect(() => loops.check()).not.toThrow();
    await clock.advance(LOOP_HEALTHY_AFTER_MS / 2);
    expect(() => loops.check()).toThrow(/: shaky$/);
    await clock.advance(LOOP_HEALTHY_AFTER_MS);
    expect(() => loops.check()).not.toThrow();
    await loops[Symbol.asyncDispose]();
  });

  it('stops all loops when disposed, sleeping ones at once', async () => {
    const { clock, loops } = setup();
    let stopped = 0;
    for (const name of ['a', 'b']) {
      loops.run(name, async (signal) => {
        await clock.sleep(1e9, signal);
        stopped += 1;
      });
    }
    loops.run('falling', () => Promise.reject(new Error('lost')));
    await loops[Symbol.asyncDispose]();
    expect(stopped).toBe(2);
    expect(clock.sleeperCount()).toBe(0);
  });

  it('does not wait for ever for a loop that ignores its signal, and names it', async () => {
    const logged: object[] = [];
    const { clock, loops } = setup({ ...silentLogger, error: (fields) => void logged.push(fields) });
    loops.run('deaf', () => new Promise(() => undefined));
    const disposed = loops[Symbol.asyncDispose]();
    await clock.advance(LOOP_STOP_LIMIT_MS);
    await disposed;
    expect(logged).toEqual([{ loops: ['deaf'], limitMs: LOOP_STOP_LIMIT_MS }]);
  });

  it('refuses two loops of one name', async () => {
    const { loops } = setup();
    loops.run('relay', untilAborted);
    expect(() => loops.run('relay', untilAborted)).toThrow(/relay/);
    await loops[Symbol.asyncDispose]();
  });
});
