import type { Clock, IdSource, Logger } from '@suanli/kernel';
import { assertLeader, createLeadership, type Database, withTransaction } from '@suanli/postgres';
import type { BillingDeps } from '../../app/ports.ts';
import { settleCommitments } from '../../app/prices/settle-commitments.ts';
import { replayCurable } from '../../app/rating/replay-parked-usage.ts';
import { monthAfter, monthOf } from '../../domain/calendar/calendar.ts';
import type { BillingMetrics } from '../billing-metrics.ts';
import { createStores } from '../postgres/create-stores.ts';

export type PricingLoopOptions = {
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

const LEADERSHIP = 'pricing';
const EVERY_MS = 5_000;
/** How often the last months are looked at again: usage may come late, or be corrected. */
const COMMITMENTS_EVERY_MS = 600_000;
const MONTHS_LOOKED_AT = 2;

/** Of all replicas one rates parked usage whose cause has gone, and settles what months fell short of. */
export function pricingLoop(options: PricingLoopOptions): (signal: AbortSignal) => Promise<void> {
  const { db, ids, holder, clock, logger, billing, metrics, committed } = options;
  const leadership = createLeadership({ db, name: LEADERSHIP, holder, clock, logger });
  return (signal) =>
    leadership.run(signal, async (epoch, leading) => {
      let settledAtMs = Number.NEGATIVE_INFINITY;
      while (!leading.aborted) {
        const outcomes = await withTransaction(db, async (tx) => {
          await assertLeader(tx, LEADERSHIP, epoch);
          return replayCurable(billing, createStores(tx, ids));
        });
        for (const outcome of outcomes) metrics.usage(outcome);
        if (outcomes.length > 0) committed();
        if (clock.monotonicMs() - settledAtMs >= COMMITMENTS_EVERY_MS) {
          await settleMonths(billing, logger);
          settledAtMs = clock.monotonicMs();
        }
        await clock.sleep(EVERY_MS, leading);
      }
    });
}

async function settleMonths(billing: BillingDeps, logger: Logger): Promise<void> {
  const current = monthOf(billing.clock.now());
  for (let back = MONTHS_LOOKED_AT; back > 0; back--) {
    const month = monthAfter(current, -back);
    const settled = await settleCommitments(billing, month);
    if (settled > 0) logger.info({ month, settled }, 'commitments settled');
  }
}
