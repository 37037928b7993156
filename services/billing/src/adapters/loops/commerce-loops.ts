import type { Clock, IdSource, Logger } from '@suanli/kernel';
import { assertLeader, createLeadership, type Database, withTransaction } from '@suanli/postgres';
import { closeMonths } from '../../app/documents/close-month.ts';
import { advanceSubscriptions } from '../../app/plans/advance-subscriptions.ts';
import type { BillingDeps } from '../../app/ports.ts';
import { sendApprovedPayouts } from '../../app/refunds/send-payout.ts';
import { createStores } from '../postgres/create-stores.ts';

export type CommerceLoopOptions = {
  billing: BillingDeps;
  db: Database;
  ids: IdSource;
  holder: string;
  clock: Clock;
  logger: Logger;
  /** After each commit. */
  committed: () => void;
};

const SUBSCRIPTIONS = 'subscriptions';
const DOCUMENTS = 'documents';
const SUBSCRIPTIONS_EVERY_MS = 1_000;
const DOCUMENTS_EVERY_MS = 60_000;
/** Subscriptions per transaction: their wallets stay locked for its length. */
const SUBSCRIPTIONS_PER_BATCH = 50;
/** Accounts, and payouts, between two looks at whether this replica still leads. */
const ACCOUNTS_PER_BATCH = 100;

/** Of all replicas one renews, rolls on and ends subscriptions. */
export function subscriptionLoop(options: CommerceLoopOptions): (signal: AbortSignal) => Promise<void> {
  const { db, ids, holder, clock, logger, billing, committed } = options;
  const leadership = createLeadership({ db, name: SUBSCRIPTIONS, holder, clock, logger });
  return (signal) =>
    leadership.run(signal, async (epoch, leading) => {
      while (!leading.aborted) {
        const steps = await withTransaction(db, async (tx) => {
          await assertLeader(tx, SUBSCRIPTIONS, epoch);
          return advanceSubscriptions(billing, createStores(tx, ids), SUBSCRIPTIONS_PER_BATCH);
        });
        if (steps > 0) {
          logger.info({ steps }, 'subscriptions advanced');
          committed();
        } else await clock.sleep(SUBSCRIPTIONS_EVERY_MS, leading);
      }
    });
}

/**
 * One replica closes months and sends payouts that are not certain yet. Each account and each payout is a transaction
 * that a second one would find done, so a leader that was replaced does no harm.
 */
export function documentLoop(options: CommerceLoopOptions): (signal: AbortSignal) => Promise<void> {
  const { db, holder, clock, logger, billing } = options;
  const leadership = createLeadership({ db, name: DOCUMENTS, holder, clock, logger });
  return (signal) =>
    leadership.run(signal, async (_epoch, leading) => {
      while (!leading.aborted) {
        await sendApprovedPayouts(billing, ACCOUNTS_PER_BATCH);
        const closed = await closeMonths(billing, ACCOUNTS_PER_BATCH);
        if (closed > 0) logger.info({ accounts: closed }, 'accounts of a month closed');
        else await clock.sleep(DOCUMENTS_EVERY_MS, leading);
      }
    });
}
