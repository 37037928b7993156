import type { Clock, Logger } from '@suanli/kernel';
import { createLeadership, type Database } from '@suanli/postgres';
import { collectUploads } from '../app/blob/collect-uploads.ts';
import type { HubDeps } from '../app/ports.ts';
import type { HubMetrics } from './hub-metrics.ts';

export type CollectLoopOptions = {
  hub: Pick<HubDeps, 'work' | 'bytes' | 'clock'>;
  db: Database;
  holder: string;
  clock: Clock;
  metrics: HubMetrics;
  logger: Logger;
};

const EVERY_MS = 600_000;

/**
 * Of all replicas one collects abandoned uploads. Leading only saves work: two that collect at once take nothing that is
 * in use, because what may be forgotten is decided by rows and their locks alone.
 */
export function collectLoop(options: CollectLoopOptions): (signal: AbortSignal) => Promise<void> {
  const { hub, db, holder, clock, metrics, logger } = options;
  const leadership = createLeadership({ db, name: 'upload-collection', holder, clock, logger });
  return (signal) =>
    leadership.run(signal, async (_epoch, leading) => {
      while (!leading.aborted) {
        const { forgotten, discarded } = await collectUploads(hub, leading);
        if (forgotten + discarded > 0) logger.info({ forgotten, discarded }, 'abandoned uploads collected');
        metrics.uploadsCollected(discarded);
        await clock.sleep(EVERY_MS, leading);
      }
    });
}
