import type { Clock, IdSource, Logger } from '@suanli/kernel';
import { assertLeader, createLeadership, type Database, withTransaction } from '@suanli/postgres';
import { advanceStandings } from '../../app/arrears/advance-standings.ts';
import type { BillingDeps } from '../../app/ports.ts';
import { createStores } from '../postgres/create-stores.ts';

export type ArrearsLoopOptions = {
  billing: BillingDeps;
  db: Database;
  ids: IdSource;
  holder: string;
  clock: Clock;
  logger: Logger;
  /** After each commit. */
  committed: () => void;
};

const LEADERSHIP = 'arrears';
const EVERY_MS = 1_000;
/** Accounts per transaction: their wallets stay locked for its length. */
const BATCH = 100;

/** Of all replicas one takes accounts in arrears to their next step. */
export function arrearsLoop(options: ArrearsLoopOptions): (signal: AbortSignal) => Promise<void> {
  const { db, ids, holder, clock, logger, billing, committed } = options;
  const leadership = createLeadership({ db, name: LEADERSHIP, holder, clock, logger });
  return (signal) =>
    leadership.run(signal, async (epoch, leading) => {
      while (!leading.aborted) {
        const found = await withTransaction(db, async (tx) => {
          await assertLeader(tx, LEADERSHIP, epoch);
          return advanceStandings(billing, createStores(tx, ids), BATCH);
        });
        if (found > 0) {
          logger.info({ accounts: found }, 'accounts in arrears went a step on');
          committed();
        }
        if (found < BATCH) await clock.sleep(EVERY_MS, leading);
      }
    });
}
