import type { Clock, IdSource, Logger } from '@suanli/kernel';
import { assertLeader, createLeadership, type Database, withTransaction } from '@suanli/postgres';
import { expireHolds } from '../../app/holds/expire-holds.ts';
import type { BillingDeps } from '../../app/ports.ts';
import type { BillingMetrics } from '../billing-metrics.ts';
import { createStores } from '../postgres/create-stores.ts';

export type ExpiryLoopOptions = {
  billing: BillingDeps;
  db: Database;
  ids: IdSource;
  holder: string;
  clock: Clock;
  metrics: BillingMetrics;
  logger: Logger;
  /** After each commit. */
  committed: () => void;
};

const LEADERSHIP = 'hold-expiry';
const EVERY_MS = 1_000;
/** Holds per transaction: their wallets stay locked for its length. */
const BATCH = 100;

/** Of all replicas one gives back what expired holds have left. */
export function expiryLoop(options: ExpiryLoopOptions): (signal: AbortSignal) => Promise<void> {
  const { db, ids, holder, clock, logger, billing, metrics, committed } = options;
  const leadership = createLeadership({ db, name: LEADERSHIP, holder, clock, logger });
  return (signal) =>
    leadership.run(signal, async (epoch, leading) => {
      while (!leading.aborted) {
        const ended = await withTransaction(db, async (tx) => {
          await assertLeader(tx, LEADERSHIP, epoch);
          return expireHolds(billing, createStores(tx, ids), BATCH);
        });
        if (ended > 0) {
          logger.info({ holds: ended }, 'holds expired');
          metrics.expired(ended);
          committed();
        }
        if (ended < BATCH) await clock.sleep(EVERY_MS, leading);
      }
    });
}
