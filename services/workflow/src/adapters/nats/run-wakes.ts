import type { Clock } from '@suanli/kernel';
import type { Bus } from '@suanli/messaging';
import { EVENTS } from '@suanli/proto/subjects';

/** Tells those who follow a run that something has happened to it, on whichever replica. A hint: they also look by themselves. */
export type RunWakes = AsyncDisposable & {
  /** Resolves at the next change of the run, or after `limitMs`, or when the signal aborts. */
  next(runId: string, limitMs: number, signal: AbortSignal): Promise<void>;
};

const SUBJECTS = [EVENTS.runChanged, EVENTS.stepChanged, EVENTS.humanTaskOpened, EVENTS.humanTaskDecided];

export function createRunWakes(bus: Bus, clock: Clock): RunWakes {
  const sleepers = new Map<string, Set<AbortController>>();
  const wake = (data: Uint8Array) => {
    for (const sleeper of sleepers.get(runIdOf(data)) ?? []) sleeper.abort();
  };
  const listeners = SUBJECTS.map(({ subject }) => bus.listen(subject, (message) => wake(message.data)));
  return {
    async next(runId, limitMs, signal) {
      const sleeper = new AbortController();
      const others = sleepers.get(runId) ?? new Set();
      sleepers.set(runId, others.add(sleeper));
      await clock.sleep(limitMs, AbortSignal.any([sleeper.signal, signal]));
      others.delete(sleeper);
      if (others.size === 0) sleepers.delete(runId);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(listeners.map((listener) => listener[Symbol.asyncDispose]()));
    },
  };
}

function runIdOf(data: Uint8Array): string {
  try {
    const event: unknown = JSON.parse(Buffer.from(data).toString('utf8'));
    return typeof event === 'object' && event !== null && 'runId' in event ? String(event.runId) : '';
  } catch (error) {
    if (error instanceof SyntaxError) return '';
    throw error;
  }
}
