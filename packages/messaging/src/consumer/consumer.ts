import { SpanKind } from '@opentelemetry/api';
import type { Clock, Logger } from '@suanli/kernel';
import type { Database } from '@suanli/postgres';
import type { Bus, Delivery } from '../bus.ts';
import { decodeDelivery } from '../cloud-event.ts';
import { bury, type EventHandler, type GuardOptions, guarded, type Outcome } from './inbox-guard.ts';
import { createPause } from './pause.ts';
import { replayOnRequest } from './replay.ts';
import { receiving } from '../trace.ts';

export type ConsumerOptions = {
  db: Database;
  bus: Bus;
  /** The publishing service. */
  stream: string;
  /** One filter; may hold wildcards. */
  subject: string;
  /** `<service>-<what for>`: the durable's name, and the consumer's in the inbox. Never changes. */
  durable: string;
  /** Events handled at once by this replica. */
  concurrency?: number;
  /** Throws of the handler after which an event is dead. */
  maxLogicalFailures?: number;
  /** How long the handler may answer `retry` before the event is dead. */
  maxRetryMs?: number;
  /** The first wait after a throw; doubles up to a minute. */
  retryBaseMs?: number;
  clock: Clock;
  logger: Logger;
  handle: EventHandler;
  /** After the commit of an event's effect: whoever waits for what it wrote may look now. */
  committed?: () => void;
};

export interface EventConsumer {
  /** Consumes until `signal` aborts, then finishes what is under way. Replicas share the durable. */
  run(signal: AbortSignal): Promise<void>;
}

const DEFAULT_CONCURRENCY = 8;
const DEFAULT_MAX_LOGICAL_FAILURES = 8;
const DEFAULT_MAX_RETRY_MS = 3_600_000;
const DEFAULT_RETRY_BASE_MS = 500;
const RETRY_CAP_MS = 60_000;
/**
 * How long the events in flight at a replica that dies wait for another. Longer than most transactions; an event that is
 * delivered again while it is still being handled waits for the first delivery's inbox row and is then a duplicate.
 */
const ACK_WAIT_MS = 10_000;
const BUFFER_PER_SLOT = 2;
const RECONNECT_PAUSE_MS = 500;
const RECONNECT_PAUSE_CAP_MS = 10_000;

export function createConsumer(options: ConsumerOptions): EventConsumer {
  const guard: GuardOptions = {
    db: options.db,
    consumer: options.durable,
    maxLogicalFailures: options.maxLogicalFailures ?? DEFAULT_MAX_LOGICAL_FAILURES,
    maxRetryMs: options.maxRetryMs ?? DEFAULT_MAX_RETRY_MS,
    handle: options.handle,
  };
  const logger = options.logger.child({ consumer: options.durable });
  return {
    async run(signal) {
      await Promise.all([
        consume({ ...options, logger }, guard, signal),
        replayOnRequest({ guard, clock: options.clock, logger }, signal),
      ]);
    },
  };
}

async function consume(options: ConsumerOptions, guard: GuardOptions, signal: AbortSignal): Promise<void> {
  const { bus, clock, logger } = options;
  const concurrency = options.concurrency ?? DEFAULT_CONCURRENCY;
  const source = {
    stream: options.stream,
    durable: options.durable,
    subject: options.subject,
    buffer: concurrency * BUFFER_PER_SLOT,
    ackWaitMs: ACK_WAIT_MS,
  };
  const inFlight = new Set<Promise<void>>();
  const pause = createPause(clock);
  let misses = 0;
  while (!signal.aborted) {
    try {
      for await (const delivery of bus.pull(source, signal)) {
        misses = 0;
        await pause.wait(signal);
        if (signal.aborted) {
          delivery.retryAfter(0); // Another replica takes it now, instead of when the wait for the ack runs out.
          continue;
        }
        const one = take(options, guard, pause, delivery).finally(() => inFlight.delete(one));
        inFlight.add(one);
        if (inFlight.size >= concurrency) await Promise.race(inFlight);
      }
    } catch (error) {
      logger.warn({ stream: options.stream, error: String(error) }, 'consumer interrupted, will try again');
      misses += 1;
    }
    const pauseMs = Math.min(RECONNECT_PAUSE_CAP_MS, RECONNECT_PAUSE_MS * 2 ** Math.min(misses, 10));
    await clock.sleep(pauseMs, signal);
  }
  await Promise.all(inFlight);
}

/** Handles one delivery and tells the stream. Never rejects. */
async function take(
  options: ConsumerOptions,
  guard: GuardOptions,
  pause: ReturnType<typeof createPause>,
  delivery: Delivery,
): Promise<void> {
  const { logger } = options;
  try {
    const outcome = await receiving(`process ${delivery.subject}`, SpanKind.CONSUMER, delivery.headers, () =>
      handle(guard, delivery),
    );
    if (outcome.kind === 'unavailable') {
      logger.warn({ error: outcome.error }, 'consumer pauses: database unavailable');
      delivery.retryAfter(pause.lengthen());
      return;
    }
    pause.end();
    tell(options, delivery, outcome);
  } catch (error) {
    // The inbox itself failed in a way that waiting may not cure: try later, and loudly.
    logger.error({ subject: delivery.subject, error: String(error) }, 'event could not be recorded');
    delivery.retryAfter(RETRY_CAP_MS);
  }
}

function handle(guard: GuardOptions, delivery: Delivery): Promise<Outcome> {
  const { subject, headers, data } = delivery;
  const decoded = decodeDelivery(delivery);
  if (decoded.kind === 'event') return guarded(guard, { event: decoded.event, headers });
  const payload = { raw: Buffer.from(data).toString('base64') };
  return bury(guard, { id: decoded.id, subject, headers, payload, reason: decoded.reason });
}

function tell(options: ConsumerOptions, delivery: Delivery, outcome: Exclude<Outcome, { kind: 'unavailable' }>): void {
  const about = { subject: delivery.subject, eventId: delivery.headers['ce-id'] };
  switch (outcome.kind) {
    case 'done':
      options.committed?.();
      return delivery.ack();
    case 'duplicate':
      return delivery.ack();
    case 'dead':
      options.logger.error({ ...about, reason: outcome.reason }, 'event is a dead letter now');
      return delivery.ack();
    case 'retry':
      return delivery.retryAfter(outcome.afterMs);
    case 'failed': {
      options.logger.warn({ ...about, failures: outcome.failures, error: outcome.error }, 'event handler failed');
      const baseMs = options.retryBaseMs ?? DEFAULT_RETRY_BASE_MS;
      return delivery.retryAfter(Math.min(RETRY_CAP_MS, baseMs * 2 ** Math.min(outcome.failures - 1, 10)));
    }
    default:
      outcome satisfies never;
  }
}
