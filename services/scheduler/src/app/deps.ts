import type { Clock, IdSource, Logger } from '@suanli/kernel';
import type { Database, Tx } from '@suanli/postgres';
import type { Policy } from './policy.ts';
import type { Billing, JobKeys, PriceList, Quotes, Revisions, Wakes } from './ports.ts';
import type { Stores } from './stores.ts';

/** What use cases are given. */
export type SchedulerDeps = {
  db: Database;
  /** Bound to one transaction; with a Database each statement stands alone. */
  stores: (tx: Tx | Database) => Stores;
  billing: Billing;
  prices: PriceList;
  quotes: Quotes;
  keys: JobKeys;
  revisions: Revisions;
  wakes: Wakes;
  policy: Policy;
  clock: Clock;
  ids: IdSource;
  logger: Logger;
};

/** Name of the one leadership under which the control plane decides. */
export const LEADERSHIP = 'control';
