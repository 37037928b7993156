import type { Clock } from '@suanli/kernel';

/** How long a part of the platform may be away before a task's files fail it. */
const PATIENCE_MS = 120_000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;
/** Not now: the same request may succeed later. 409 is one of our own, cut off and still under way. */
const PASSING = new Set([408, 409, 425, 429]);

/** An answer that is not the one that was hoped for. */
export class HubAnswer extends Error {
  override name = 'HubAnswer';
  readonly isPassing: boolean;
  constructor(message: string, status: number) {
    super(message);
    this.isPassing = status >= 500 || PASSING.has(status);
  }
}

/** Repeats what may be repeated while the gateway or the hub is away: their restart must not cost a tenant its job. */
export async function persist<T>(clock: Clock, signal: AbortSignal, act: () => Promise<T>): Promise<T> {
  const giveUpAtMs = clock.monotonicMs() + PATIENCE_MS;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    try {
      return await act();
    } catch (error) {
      const isFinal = error instanceof HubAnswer && !error.isPassing;
      if (isFinal || signal.aborted || clock.monotonicMs() > giveUpAtMs) throw error;
      await clock.sleep(pauseMs, signal);
    }
  }
}
