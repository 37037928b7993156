import type { IdSource } from '@suanli/kernel';
import { appendOutbox, type OutboxEvent, type Tx } from '@suanli/postgres';
import { EVENTS } from '@suanli/proto/subjects';
import { AccountOpened, KeyRevoked } from '@suanli/proto/suanli/events/v1/gateway.ts';
import type { EventLog, GatewayEvent } from '../../app/ports.ts';

/** Writes facts as outbox rows: they leave if, and only if, the transaction commits. */
export function eventLog(tx: Tx, ids: IdSource): EventLog {
  return {
    append: (events) =>
      appendOutbox(
        tx,
        events.map((event) => toOutbox(event, ids.next('evt'))),
      ),
  };
}

function toOutbox(event: GatewayEvent, id: string): OutboxEvent {
  switch (event.kind) {
    case 'account_opened': {
      const { accountId, name, createdAt } = event.account;
      return {
        id,
        subject: EVENTS.accountOpened.subject,
        aggregateId: accountId,
        aggregateVersion: 1n,
        payload: AccountOpened.toJSON({ accountId, name, openedAt: new Date(createdAt) }),
        occurredAt: createdAt,
      };
    }
    case 'key_revoked':
      return {
        id,
        subject: EVENTS.keyRevoked.subject,
        aggregateId: event.key.keyId,
        aggregateVersion: 2n,
        payload: KeyRevoked.toJSON(event.key),
        occurredAt: event.at,
      };
    default:
      return event satisfies never;
  }
}
