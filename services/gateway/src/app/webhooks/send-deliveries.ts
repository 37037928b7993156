import { toRfc3339 } from '@suanli/kernel';
import { isUnavailable, type Tx, withTransaction } from '@suanli/postgres';
import { decideDelivery, type DeliveryDecision } from '../../domain/webhook/decide-delivery.ts';
import type { DisabledReason, WebhookDelivery, WebhookEndpoint } from '../../domain/webhook/webhook.ts';
import { SECRET_PURPOSE } from './manage-endpoints.ts';
import type { ClaimedDelivery, SendOutcome, WebhookDeps } from './ports.ts';
import { recordEvent } from './record-event.ts';

/** Longer than a try can last with all around it: a lease that ends belongs to a replica that is gone. */
const LEASE_MS = 60_000;
/** Tries of one replica at once; an endpoint that hangs takes few of them. */
const CONCURRENCY = 16;
const PER_ENDPOINT = 4;
/** How soon a due delivery is seen when nobody wakes the loop. */
const POLL_MS = 250;

/** How soon the database is asked again that was not there. */
const AWAY_MS = 1_000;
const MAX_ERROR_CHARS = 200;

/** Sleeps until woken, or for so long. */
export type Nap = { wake(): void; sleep(delayMs: number, signal: AbortSignal): Promise<void> };

/** Sends what is due, at any number of replicas: each takes deliveries by a lease, so that none is tried twice at once. */
export async function sendDeliveries(
  deps: WebhookDeps,
  { holder, nap }: { holder: string; nap: Nap },
  signal: AbortSignal,
): Promise<void> {
  const underWay = new Map<Promise<void>, string>();
  while (!signal.aborted) {
    const free = Math.min(PER_ENDPOINT, CONCURRENCY - underWay.size);
    const claimed = free === 0 ? [] : await claim(deps, holder, free, busy([...underWay.values()]));
    if (claimed === undefined) {
      await nap.sleep(AWAY_MS, signal);
      continue;
    }
    for (const one of claimed) {
      const sending = sendOne(deps, holder, one, signal)
        .catch((error: unknown) => {
          deps.logger.error({ err: error, deliveryId: one.delivery.deliveryId }, 'a delivery could not be recorded');
        })
        .finally(() => {
          underWay.delete(sending);
          nap.wake();
        });
      underWay.set(sending, one.delivery.endpointId);
    }
    if (claimed.length < free || free === 0) await nap.sleep(POLL_MS, signal);
  }
  await Promise.all(underWay.keys());
}

/** Undefined while the database is away: that is waited for, and no reason to begin anew with what is under way. */
async function claim(deps: WebhookDeps, holder: string, limit: number, busyEndpointIds: readonly string[]) {
  const now = deps.clock.now();
  const wanted = { holder, now, leaseUntil: now + LEASE_MS, limit, busyEndpointIds };
  try {
    return await deps.deliveries(deps.db).claim(wanted);
  } catch (error) {
    if (!isUnavailable(error)) throw error;
    deps.logger.warn({ error: String(error).slice(0, MAX_ERROR_CHARS) }, 'webhooks wait for the database');
    return undefined;
  }
}

function busy(endpointIds: readonly string[]): string[] {
  const counts = Map.groupBy(endpointIds, (id) => id);
  return [...counts].filter(([, all]) => all.length >= PER_ENDPOINT).map(([id]) => id);
}

async function sendOne(
  deps: WebhookDeps,
  holder: string,
  { delivery, endpoint }: ClaimedDelivery,
  stop: AbortSignal,
): Promise<void> {
  const at = deps.clock.now();
  const headers = headersOf(deps, delivery, endpoint);
  const outcome = await deps.sender.send({ url: endpoint.url, headers, body: delivery.body, signal: stop });
  // A replica that stops has cut the try itself: another one makes it.
  if (stop.aborted && outcome.httpStatus === undefined) return;
  await record(deps, holder, { delivery, endpoint, outcome, at });
}

function headersOf(deps: WebhookDeps, { eventId: id, body }: WebhookDelivery, endpoint: WebhookEndpoint) {
  const at = deps.clock.now();
  const { sealedSecret, sealedOldSecret, oldSecretUntil = 0 } = endpoint;
  const sealed = [sealedSecret, ...(sealedOldSecret !== undefined && oldSecretUntil > at ? [sealedOldSecret] : [])];
  const secrets = sealed.map((one) => deps.vault.open(one, SECRET_PURPOSE));
  return {
    'content-type': 'application/json',
    'user-agent': 'suanli-webhooks/1',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at / 1000)),
    'webhook-signature': deps.signer.sign(secrets, { id, at, body }),
  };
}

async function record(
  deps: WebhookDeps,
  holder: string,
  { delivery, endpoint, outcome, at }: ClaimedDelivery & { outcome: SendOutcome; at: number },
): Promise<void> {
  const now = deps.clock.now();
  const attempts = delivery.attempts + 1;
  const decision = decideDelivery(outcome, { attempts, now, chance: deps.rng.next() });
  const { httpStatus, error } = outcome;
  const isDelivered = decision.kind === 'delivered';
  const attempt = {
    at,
    durationMs: now - at,
    ...(httpStatus !== undefined && { httpStatus }),
    ...(!isDelivered && { error: error ?? `answered ${httpStatus}` }),
  };
  await withTransaction(deps.db, async (tx) => {
    const isOurs = await deps.deliveries(tx).finish(holder, after(delivery, decision, attempts, now), attempt);
    if (isOurs && decision.kind === 'given_up') await disable(deps, tx, endpoint, decision.disable);
  });
  if (!isDelivered) deps.committed();
}

function after(delivery: WebhookDelivery, decision: DeliveryDecision, attempts: number, now: number): WebhookDelivery {
  const { nextAt } = decision.kind === 'retry' ? decision : delivery;
  const status = decision.kind === 'retry' ? 'pending' : decision.kind === 'delivered' ? 'delivered' : 'failed';
  return { ...delivery, attempts, status, nextAt, updatedAt: now };
}

/** An endpoint that is not there, or has not answered for days, is left alone; the others of the account are told so. */
async function disable(deps: WebhookDeps, tx: Tx, { accountId, endpointId }: WebhookEndpoint, reason: DisabledReason) {
  const endpoint = await deps.endpoints(tx).lock(accountId, endpointId);
  if (endpoint?.status !== 'enabled') return;
  const at = deps.clock.now();
  const version = endpoint.version + 1;
  const disabled: WebhookEndpoint = { ...endpoint, status: 'disabled', disabledReason: reason, version, updatedAt: at };
  await deps.endpoints(tx).save(disabled);
  await deps.tellDisabled(tx, disabled, at);
  const data = { webhook_endpoint_id: endpointId, url: endpoint.url, reason, disabled_at: toRfc3339(at) };
  await recordEvent(deps, tx, { id: deps.ids.next('evt'), accountId, type: 'webhook_endpoint.disabled', at, data });
}
