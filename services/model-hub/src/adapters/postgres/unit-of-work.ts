import type { IdSource } from '@suanli/kernel';
import { appendOutbox, type Database, rememberRequest, type Tx, withTransaction } from '@suanli/postgres';
import type { EventLog, HubEvent, HubStores, UnitOfWork } from '../../app/ports.ts';
import { toOutboxEvent } from '../nats/to-outbox-event.ts';
import { blobRecords } from './blob-records.ts';
import { commitStore } from './commit-store.ts';
import { corpusStore } from './corpus/corpus-store.ts';
import { repositoryStore } from './repository-store.ts';
import { routeStore } from './route-store.ts';

/**
 * Lock order within one transaction: request, then repository, corpus or route (one of them), then what belongs to it.
 * `published` is called after a commit that left facts in the outbox.
 */
export function postgresWork(db: Database, ids: IdSource, published: () => void): UnitOfWork {
  return async (work) => {
    let hasFacts = false;
    const result = await withTransaction(db, (tx) => {
      const events = {
        append: (event: HubEvent) => {
          hasFacts = true;
          return appendOutbox(tx, [toOutboxEvent(ids.next('evt'), event)]);
        },
      };
      return work(postgresStores(tx, events));
    });
    if (hasFacts) published();
    return result;
  };
}

function postgresStores(tx: Tx, events: EventLog): HubStores {
  return {
    repositories: repositoryStore(tx),
    commits: commitStore(tx),
    blobs: blobRecords(tx),
    corpora: corpusStore(tx),
    routes: routeStore(tx),
    events,
    requests: { once: (key, effect) => rememberRequest(tx, key, effect) },
  };
}
