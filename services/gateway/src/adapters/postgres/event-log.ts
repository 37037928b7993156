import type { IdSource } from '@suanli/kernel';
import { appendOutbox, type OutboxEvent, type Tx } from '@suanli/postgres';
import { EVENTS } from '@suanli/proto/subjects';
import { AccountOpened, KeyRevoked, WebhookEndpointDisabled } from '@suanli/proto/suanli/events/v1/gateway.ts';
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
    case 'webhook_disabled': {
      const { endpointId, accountId, url, disabledReason = '', version } = event.endpoint;
      const disabledAt = new Date(event.at);
      return {
        id,
        subject: EVENTS.webhookDisabled.subject,
        aggregateId: endpointId,
        aggregateVersion: BigInt(version),
        payload: WebhookEndpointDisabled.toJSON({ endpointId, accountId, url, reason: disabledReason, disabledAt }),
        occurredAt: event.at,
      };
    }
    default:
      return event satisfies never;
  }
}
