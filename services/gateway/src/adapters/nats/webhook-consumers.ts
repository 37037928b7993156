import { type Bus, createConsumer, type EventConsumer } from '@suanli/messaging';
import { CONSUMERS } from '@suanli/proto/subjects';
import type { WebhookDeps } from '../../app/webhooks/ports.ts';
import { recordEvent } from '../../app/webhooks/record-event.ts';
import { toWebhookEvent } from './webhook-events.ts';

const FOLLOWED = [
  CONSUMERS.gatewayBudgets,
  CONSUMERS.gatewayWallets,
  CONSUMERS.gatewayArrears,
  CONSUMERS.gatewayFrozen,
  CONSUMERS.gatewayUnfrozen,
  CONSUMERS.gatewayInvoices,
  CONSUMERS.gatewaySubscriptions,
  CONSUMERS.gatewayCredits,
  CONSUMERS.gatewayHolds,
  CONSUMERS.gatewayWorkloads,
];

/** Events of other services become deliveries: rows, in the transaction of the inbox, so that none is told twice or never. */
export function webhookConsumers(deps: WebhookDeps, bus: Bus): { name: string; consumer: EventConsumer }[] {
  const { db, clock, logger, committed } = deps;
  return FOLLOWED.map(({ stream, subject, durable }) => ({
    name: `webhooks: ${durable}`,
    consumer: createConsumer({
      ...{ db, bus, stream, subject, durable, clock, logger, committed },
      async handle(tx, event) {
        const told = toWebhookEvent(event);
        if (told !== undefined) await recordEvent(deps, tx, told);
        return { kind: 'done' };
      },
    }),
  }));
}
