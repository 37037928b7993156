import type { IdSource } from '@suanli/kernel';
import { type Database, type Tx, withTransaction } from '@suanli/postgres';
import type { Stores, Transact } from '../../app/ports.ts';
import { definitionStore } from './stores/definition-store.ts';
import { factLog } from './stores/fact-log.ts';
import { humanTaskStore } from './stores/human-task-store.ts';
import { chargeStore, jobStopStore, journalStore, requestLog } from './stores/run-logs.ts';
import { runStore } from './stores/run-store.ts';
import { stepStore } from './stores/step-store.ts';

export function createStores(tx: Tx, ids: IdSource): Stores {
  return {
    definitions: definitionStore(tx),
    runs: runStore(tx),
    steps: stepStore(tx),
    humanTasks: humanTaskStore(tx),
    journal: journalStore(tx),
    facts: factLog(tx, ids),
    requests: requestLog(tx),
    charges: chargeStore(tx),
    jobStops: jobStopStore(tx),
  };
}

export function postgresTransact(db: Database, ids: IdSource): Transact {
  return (work) => withTransaction(db, (tx) => work(createStores(tx, ids)));
}
