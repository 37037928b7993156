import type { Clock, Instant } from '@suanli/kernel';

/** A clock that the test moves. Sleepers never wake by themselves: only heartbeats sleep here, and nothing waits for them. */
export class SteppedClock implements Clock {
  #now: Instant = Date.UTC(2026, 0, 1);

  now = (): Instant => this.#now;
  monotonicMs = (): number => this.#now;

  sleep(_delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      signal?.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  moveTo(instant: Instant): void {
    this.#now = Math.max(this.#now, instant);
  }
}
