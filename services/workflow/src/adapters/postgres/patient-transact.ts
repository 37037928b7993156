import type { Clock, Logger } from '@suanli/kernel';
import { isUnavailable } from '@suanli/postgres';
import type { Transact } from '../../app/ports.ts';

const PATIENCE_MS = 30_000;
const PAUSE_MS = 250;

/**
 * For workers, who have more to lose than time: a database that is away is waited for, so that the result of an effect
 * outlives a restart. A commit whose answer was lost may run twice; the second one finds its step no longer held.
 */
export function patientTransact(transact: Transact, clock: Clock, logger: Logger): Transact {
  return async (work) => {
    const untilMs = clock.monotonicMs() + PATIENCE_MS;
    for (;;) {
      try {
        return await transact(work);
      } catch (error) {
        if (!isUnavailable(error) || clock.monotonicMs() > untilMs) throw error;
        logger.warn({ error: String(error) }, 'a worker waits for postgres');
        await clock.sleep(PAUSE_MS);
      }
    }
  };
}
