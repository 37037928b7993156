import type { Clock, IdSource, Logger } from '@suanli/kernel';
import { assertLeader, createLeadership, type Database, type Tx, withTransaction } from '@suanli/postgres';
import { expireLots, warnOfExpiry } from '../../app/lots/expire-lots.ts';
import type { BillingDeps } from '../../app/ports.ts';
import { createStores } from '../postgres/create-stores.ts';

export type CreditLoopOptions = {
  billing: BillingDeps;
  db: Database;
  ids: IdSource;
  holder: string;
  clock: Clock;
  logger: Logger;
  /** After each commit. */
  committed: () => void;
};

const LEADERSHIP = 'credit-expiry';
const EVERY_MS = 1_000;
/** Lots per transaction: their wallets stay locked for its length. */
const BATCH = 100;

/** Of all replicas one gives the platform what expired credit has left, and tells of credit that is about to expire. */
export function creditLoop(options: CreditLoopOptions): (signal: AbortSignal) => Promise<void> {
  const { db, ids, holder, clock, logger, billing, committed } = options;
  const leadership = createLeadership({ db, name: LEADERSHIP, holder, clock, logger });
  return (signal) =>
    leadership.run(signal, async (epoch, leading) => {
      const led = <T>(work: (tx: Tx) => Promise<T>) =>
        withTransaction(db, async (tx) => {
          await assertLeader(tx, LEADERSHIP, epoch);
          return work(tx);
        });
      while (!leading.aborted) {
        const expired = await led((tx) => expireLots(billing, createStores(tx, ids), BATCH));
        const warned = await led((tx) => warnOfExpiry(billing, createStores(tx, ids), BATCH));
        if (expired + warned > 0) {
          logger.info({ expired, warned }, 'credit lots expired or are about to');
          committed();
        }
        if (expired < BATCH && warned < BATCH) await clock.sleep(EVERY_MS, leading);
      }
    });
}
