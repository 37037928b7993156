import { randomInt } from 'node:crypto';
import { type Clock, type IdSource, type Logger, seededRng } from '@suanli/kernel';
import type { Bus } from '@suanli/messaging';
import type { Database } from '@suanli/postgres';
import type { Loops } from '@suanli/service-kit';
import { webhookConsumers } from './adapters/nats/webhook-consumers.ts';
import { eventLog } from './adapters/postgres/event-log.ts';
import { webhookDeliveryStore } from './adapters/postgres/webhooks/delivery-store.ts';
import { webhookEndpointStore } from './adapters/postgres/webhooks/endpoint-store.ts';
import { createWebhookSender } from './adapters/webhooks/sender.ts';
import { standardSigner } from './adapters/webhooks/signer.ts';
import type { Vault } from './app/ports.ts';
import { createNap } from './app/nap.ts';
import type { WebhookDeps, WebhookSender } from './app/webhooks/ports.ts';
import { sendDeliveries } from './app/webhooks/send-deliveries.ts';

/** How long the delivery log is kept. */
const DELIVERIES_KEPT_MS = 30 * 24 * 3_600_000;
const PURGE_EVERY_MS = 600_000;
const PURGE_BATCH = 1_000;
const MAX_SEED = 2 ** 32;

type Parts = {
  config: { SUANLI_DEV: boolean; REPLICA_ID: string };
  db: Database;
  bus: Bus;
  clock: Clock;
  ids: IdSource;
  logger: Logger;
  vault: Vault;
  wakeRelay: () => void;
  sender?: WebhookSender;
};

/** The part of the composition root that tells customers of events. */
export function createWebhooks(parts: Parts): { deps: WebhookDeps; runLoops(loops: Loops): void } {
  const { config, db, bus, clock, ids, vault, wakeRelay } = parts;
  const nap = createNap(clock);
  const deps: WebhookDeps = {
    ...{ db, clock, ids, vault },
    logger: parts.logger.child({ component: 'webhooks' }),
    rng: seededRng(randomInt(MAX_SEED)),
    signer: standardSigner,
    sender: parts.sender ?? createWebhookSender({ isOpen: config.SUANLI_DEV }),
    endpoints: webhookEndpointStore,
    deliveries: webhookDeliveryStore,
    tellDisabled: (tx, endpoint, at) => eventLog(tx, ids).append([{ kind: 'webhook_disabled', endpoint, at }]),
    committed() {
      nap.wake();
      wakeRelay();
    },
  };
  // Unlike a replica's name, it is another one after a restart: what the one before had leased is not ours.
  const holder = `${config.REPLICA_ID}/${ids.next('run')}`;
  return {
    deps,
    runLoops(loops) {
      for (const { name, consumer } of webhookConsumers(deps, bus)) loops.run(name, (signal) => consumer.run(signal));
      loops.run('webhook deliveries', (signal) => sendDeliveries(deps, { holder, nap }, signal));
      loops.run('old webhook deliveries', async (signal) => {
        while (!signal.aborted) {
          const before = clock.now() - DELIVERIES_KEPT_MS;
          while ((await deps.deliveries(db).purge(before, PURGE_BATCH)) === PURGE_BATCH);
          await clock.sleep(PURGE_EVERY_MS, signal);
        }
      });
    },
  };
}
