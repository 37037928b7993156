import { type Clock, invariant, type Logger, type Rng, seededRng, systemClock } from '@suanli/kernel';
import { randomInt } from 'node:crypto';
import {
  LOOP_HEALTHY_AFTER_MS,
  LOOP_RESTART_FIRST_MS,
  LOOP_RESTART_MAX_MS,
  LOOP_STOP_LIMIT_MS,
  LOOP_UNREADY_AFTER_FALLS,
} from './limits.ts';

/** Runs until its signal aborts. Sleeps on the Clock with the same signal, so that a stop need not wait for it. */
export type Loop = (signal: AbortSignal) => Promise<void>;

export type Loops = AsyncDisposable & {
  /** Starts a loop under a name that logs and `/readyz` show. */
  run: (name: string, loop: Loop) => void;
  /** A readiness check: throws with the names of loops that keep falling over. */
  check: () => void;
};

type Running = { falls: number; startedMs: number; ended: Promise<void> };

/**
 * Keeps background loops going: one that throws, or returns before it was told to, is started again after a growing,
 * jittered pause. Disposing aborts all of them and waits, but not longer than LOOP_STOP_LIMIT_MS.
 */
export function superviseLoops(options: { logger: Logger; clock?: Clock; rng?: Rng }): Loops {
  const { clock = systemClock, rng = seededRng(randomInt(2 ** 32)) } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const loops = new Map<string, Running>();

  async function keepRunning(name: string, loop: Loop, state: Running): Promise<void> {
    const logger = options.logger.child({ loop: name });
    while (!signal.aborted) {
      state.startedMs = clock.monotonicMs();
      const error = await outcome(loop, signal);
      if (signal.aborted) {
        if (error !== undefined) logger.warn({ err: error }, 'a loop failed while it stopped');
        return;
      }
      state.falls = hasRunLong(state) ? 1 : state.falls + 1;
      const pauseMs = restartPauseMs(state.falls, rng);
      logger.error({ err: error ?? 'returned early', falls: state.falls, pauseMs }, 'a loop fell over');
      await clock.sleep(pauseMs, signal);
    }
  }

  const hasRunLong = ({ startedMs }: Running) => clock.monotonicMs() - startedMs >= LOOP_HEALTHY_AFTER_MS;
  const keepsFalling = (state: Running) => state.falls >= LOOP_UNREADY_AFTER_FALLS && !hasRunLong(state);

  return {
    run(name, loop) {
      invariant(!loops.has(name), `there is a loop named ${name} already`);
      invariant(!signal.aborted, 'loops cannot be started while they stop');
      const state: Running = { falls: 0, startedMs: clock.monotonicMs(), ended: Promise.resolve() };
      loops.set(name, state);
      state.ended = keepRunning(name, loop, state);
    },
    check() {
      const failing = [...loops].filter(([, state]) => keepsFalling(state)).map(([name]) => name);
      if (failing.length > 0) throw new Error(`loops keep falling over: ${failing.join(', ')}`);
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      const done = new AbortController();
      const open = new Set(loops.keys());
      const all = Promise.all([...loops].map(([name, { ended }]) => ended.then(() => open.delete(name))));
      await Promise.race([all, clock.sleep(LOOP_STOP_LIMIT_MS, done.signal)]);
      done.abort();
      if (open.size > 0) options.logger.error({ loops: [...open], limitMs: LOOP_STOP_LIMIT_MS }, 'loops did not stop');
    },
  };
}

async function outcome(loop: Loop, signal: AbortSignal): Promise<unknown> {
  try {
    await loop(signal);
    return undefined;
  } catch (error) {
    return error ?? new Error('threw nothing');
  }
}

/** Doubles up to LOOP_RESTART_MAX_MS; half of it is chance, so that replicas do not fall in step. */
export function restartPauseMs(falls: number, rng: Rng): number {
  const fullMs = Math.min(LOOP_RESTART_MAX_MS, LOOP_RESTART_FIRST_MS * 2 ** (falls - 1));
  return Math.round(fullMs / 2 + (rng.next() * fullMs) / 2);
}
