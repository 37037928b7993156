import type { Stores } from '../../app/stores.ts';
import { eventLog } from '../nats/event-log.ts';
import { attemptStore } from './attempt-store.ts';
import { clusterStore } from './cluster-store.ts';
import { logStore } from './log-store.ts';
import type { Sql } from './rows.ts';
import { standingStore } from './standing-store.ts';
import { choreStore, useStore } from './upkeep-stores.ts';
import { workloadStore } from './workload-store.ts';

/** All stores on one transaction, or on the pool for single statements. */
export function postgresStores(db: Sql): Stores {
  return {
    workloads: workloadStore(db),
    attempts: attemptStore(db),
    clusters: clusterStore(db),
    logs: logStore(db),
    chores: choreStore(db),
    use: useStore(db),
    standings: standingStore(db),
    events: eventLog(db),
  };
}
