import type { IdSource } from '@suanli/kernel';
import { appendOutbox, type Tx } from '@suanli/postgres';
import type { EventStore } from '../../../app/ports.ts';
import { toOutboxEvent } from '../../nats/to-outbox-event.ts';

export function eventStore(tx: Tx, ids: IdSource): EventStore {
  return {
    append: (events, now) =>
      appendOutbox(
        tx,
        events.map((event) => toOutboxEvent(event, ids.next('evt'), now)),
      ),
  };
}
