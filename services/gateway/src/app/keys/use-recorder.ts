import type { Clock, Instant, Logger } from '@suanli/kernel';
import type { Database } from '@suanli/postgres';
import type { GatewayStores, Queryable } from '../ports.ts';

const FLUSH_INTERVAL_MS = 10_000;

export type UseRecorder = {
  record(keyId: string, at: Instant): void;
  flush(): Promise<void>;
  /** Flushes now and then until the signal aborts, and once more then. */
  run(signal: AbortSignal): Promise<void>;
};

/** Collects when keys were used, so that a busy key costs one update in a while instead of one for each request. */
export function createUseRecorder(deps: {
  db: Database;
  stores: (queryable: Queryable) => GatewayStores;
  clock: Clock;
  logger: Logger;
}): UseRecorder {
  let uses = new Map<string, Instant>();

  async function flush(): Promise<void> {
    if (uses.size === 0) return;
    const taken = uses;
    uses = new Map();
    try {
      await deps.stores(deps.db).keys.touch(taken);
    } catch (error) {
      // Only a display value is lost.
      deps.logger.warn({ error: String(error), keys: taken.size }, 'last use of keys not recorded');
    }
  }

  return {
    record: (keyId, at) => void uses.set(keyId, at),
    flush,
    async run(signal) {
      while (!signal.aborted) {
        await deps.clock.sleep(FLUSH_INTERVAL_MS, signal);
        await flush();
      }
    },
  };
}
