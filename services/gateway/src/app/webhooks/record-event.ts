import { toRfc3339 } from '@suanli/kernel';
import type { Tx } from '@suanli/postgres';
import { bodyOf, wants, type WebhookDelivery, type WebhookEvent } from '../../domain/webhook/webhook.ts';
import type { WebhookDeps } from './ports.ts';

/** Writes a delivery for each endpoint of the account that wants to hear of the event. The same event again adds nothing. */
export async function recordEvent(deps: WebhookDeps, tx: Tx, event: WebhookEvent): Promise<number> {
  const endpoints = await deps.endpoints(tx).enabledOf(event.accountId);
  const now = deps.clock.now();
  const body = bodyOf(event, toRfc3339);
  const deliveries = endpoints
    .filter((endpoint) => wants(endpoint, event.type))
    .map(
      ({ endpointId, accountId }): WebhookDelivery => ({
        deliveryId: deps.ids.next('dlv'),
        endpointId,
        accountId,
        eventId: event.id,
        eventType: event.type,
        body,
        status: 'pending',
        attempts: 0,
        nextAt: now,
        createdAt: now,
        updatedAt: now,
      }),
    );
  if (deliveries.length > 0) await deps.deliveries(tx).insert(deliveries);
  return deliveries.length;
}
