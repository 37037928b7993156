import type { Clock, Logger } from '@suanli/kernel';
import { createLeadership, type Database } from '@suanli/postgres';
import type { BillingDeps } from '../../app/ports.ts';
import { syncDueRecharges } from '../../app/recharges/sync-due-recharges.ts';

type RechargeLoopOptions = {
  billing: BillingDeps;
  db: Database;
  holder: string;
  clock: Clock;
  logger: Logger;
};

const LEADERSHIP = 'recharge-sync';
const EVERY_MS = 2_000;
const BATCH = 20;

/**
 * Of all replicas one asks providers what has become of recharges, for webhooks get lost. Two that ask at once do no
 * harm: what is booked is decided under the wallet's lock.
 */
export function rechargeLoop({ billing, db, holder, clock, logger }: RechargeLoopOptions) {
  const leadership = createLeadership({ db, name: LEADERSHIP, holder, clock, logger });
  return (signal: AbortSignal): Promise<void> =>
    leadership.run(signal, async (_epoch, leading) => {
      while (!leading.aborted) {
        const asked = await syncDueRecharges(billing, logger, BATCH);
        if (asked < BATCH) await clock.sleep(EVERY_MS, leading);
      }
    });
}
