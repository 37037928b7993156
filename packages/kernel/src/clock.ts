/** A point in time: milliseconds since the Unix epoch, UTC. */
export type Instant = number & { readonly __instant?: never };

/**
 * The only source of time. Domain code takes an Instant as an argument; loops and sleeps take a Clock, so that tests
 * and simulations decide when time passes.
 */
export interface Clock {
  /** Wall-clock time. May step when the machine's clock is corrected. */
  now(): Instant;
  /** Milliseconds from an arbitrary origin that never go back: for durations. */
  monotonicMs(): number;
  /** Resolves after `delayMs`, or at once when `signal` aborts. Never rejects: a loop asks the signal itself. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (delayMs, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const finish = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', finish);
        resolve();
      };
      const timer = setTimeout(finish, delayMs);
      signal?.addEventListener('abort', finish, { once: true });
    }),
};

/** RFC 3339 UTC with milliseconds, the one form of time in JSON. */
export function toRfc3339(instant: Instant): string {
  return new Date(instant).toISOString();
}
