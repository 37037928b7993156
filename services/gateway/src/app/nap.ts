import type { Clock } from '@suanli/kernel';

/** A sleep that `wake` ends, also when it is called just before. */
export type Nap = { wake(): void; sleep(delayMs: number, signal: AbortSignal): Promise<void> };

export function createNap(clock: Clock): Nap {
  let isWoken = false;
  let current = new AbortController();
  return {
    wake() {
      isWoken = true;
      current.abort();
    },
    async sleep(delayMs, signal) {
      current = new AbortController();
      if (!isWoken) await clock.sleep(delayMs, AbortSignal.any([current.signal, signal]));
      isWoken = false;
    },
  };
}
