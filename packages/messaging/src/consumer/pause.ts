import type { Clock } from '@suanli/kernel';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;

/** Holds a consumer back while what it depends on is away; the wait doubles until one event gets through. */
export function createPause(clock: Clock) {
  let pauseMs = 0;
  let untilMs = 0;
  return {
    /** Begins or prolongs the pause and returns its length. */
    lengthen(): number {
      const nowMs = clock.monotonicMs();
      // Several events in flight fail together: they are one sign, not several.
      if (nowMs < untilMs) return untilMs - nowMs;
      pauseMs = pauseMs === 0 ? FIRST_PAUSE_MS : Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
      untilMs = nowMs + pauseMs;
      return pauseMs;
    },
    end(): void {
      pauseMs = 0;
      untilMs = 0;
    },
    async wait(signal: AbortSignal): Promise<void> {
      while (!signal.aborted) {
        const leftMs = untilMs - clock.monotonicMs();
        if (leftMs <= 0) return;
        await clock.sleep(leftMs, signal);
      }
    },
  };
}
