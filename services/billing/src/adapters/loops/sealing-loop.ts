import type { Clock, IdSource, Logger } from '@suanli/kernel';
import { assertLeader, createLeadership, type Database, withTransaction } from '@suanli/postgres';
import { sealLedger } from '../../app/ledger/seal-ledger.ts';
import { type Horizon, readHorizon, sealStore, sha256 } from '../postgres/seals/seal-store.ts';
import { eventStore } from '../postgres/stores/event-store.ts';

export type SealingLoopOptions = {
  db: Database;
  ids: IdSource;
  holder: string;
  clock: Clock;
  logger: Logger;
  /** After each commit. */
  committed: () => void;
};

const LEADERSHIP = 'ledger-sealer';
const EVERY_MS = 1_000;

/** Of all replicas one adds links to the hash chain over transfers, behind the money and never in its way. */
export function sealingLoop(options: SealingLoopOptions): (signal: AbortSignal) => Promise<void> {
  const { db, ids, holder, clock, logger, committed } = options;
  const leadership = createLeadership({ db, name: LEADERSHIP, holder, clock, logger });
  return (signal) =>
    leadership.run(signal, async (epoch, leading) => {
      let seen: Horizon | undefined;
      let settled = 0n;
      while (!leading.aborted) {
        const horizon = await withTransaction(db, readHorizon);
        if (seen === undefined || horizon.oldestRunning >= seen.nextTransaction) {
          settled = seen?.position ?? settled;
          seen = horizon;
        }
        const upTo = settled;
        const sealed = await withTransaction(db, async (tx) => {
          await assertLeader(tx, LEADERSHIP, epoch);
          const stores = { seals: sealStore(tx), events: eventStore(tx, ids) };
          return sealLedger(stores, upTo, { digest: sha256, now: clock.now() });
        });
        if (sealed > 0) committed();
        else await clock.sleep(EVERY_MS, leading);
      }
    });
}
