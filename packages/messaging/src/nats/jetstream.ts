import {
  AckPolicy,
  type Consumer,
  type ConsumerConfig,
  DeliverPolicy,
  DiscardPolicy,
  type JetStreamClient,
  type JetStreamManager,
  type JsMsg,
  nanos,
  RetentionPolicy,
  StorageType,
  type StreamConfig as NatsStreamConfig,
} from 'nats';
import type { BusHeaders, Delivery, PullSource, StreamConfig } from '../bus.ts';
import { isConsumerMissing, isStreamMissing, isStreamThere, translated } from './nats-errors.ts';

/** How long the server recognises a `Nats-Msg-Id`. Only saves work: the inbox is what makes effects happen once. */
const DUPLICATE_WINDOW_MS = 120_000;
/** Deliveries not yet acknowledged, over all replicas of one consumer. */
const MAX_UNACKED = 1_000;
const PULL_EXPIRES_MS = 10_000;
const PULL_HEARTBEAT_MS = 5_000;

export async function ensureStream(jsm: JetStreamManager, config: StreamConfig): Promise<void> {
  const wanted = toNats(config);
  try {
    const current = await findStream(jsm, config.name);
    if (current === undefined) await addStream(jsm, wanted);
    else if (differs(current, wanted)) await jsm.streams.update(config.name, wanted);
  } catch (error) {
    throw translated(error, `stream ${config.name}`);
  }
}

async function findStream(jsm: JetStreamManager, name: string): Promise<NatsStreamConfig | undefined> {
  try {
    return (await jsm.streams.info(name)).config;
  } catch (error) {
    if (isStreamMissing(error)) return undefined;
    throw error;
  }
}

async function addStream(jsm: JetStreamManager, wanted: Partial<NatsStreamConfig> & { name: string }): Promise<void> {
  try {
    await jsm.streams.add(wanted);
  } catch (error) {
    // Another replica made it meanwhile, perhaps of another release.
    if (!isStreamThere(error)) throw error;
    await jsm.streams.update(wanted.name, wanted);
  }
}

function toNats(config: StreamConfig): Partial<NatsStreamConfig> & { name: string } {
  return {
    name: config.name,
    subjects: [...config.subjects],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    max_age: nanos(config.maxAgeMs),
    discard: config.discard === 'new' ? DiscardPolicy.New : DiscardPolicy.Old,
    max_bytes: config.maxBytes ?? -1,
    duplicate_window: nanos(Math.min(DUPLICATE_WINDOW_MS, config.maxAgeMs)),
  };
}

function differs(current: NatsStreamConfig, wanted: Partial<NatsStreamConfig>): boolean {
  const keys = ['max_age', 'discard', 'max_bytes', 'duplicate_window'] as const;
  return keys.some((key) => current[key] !== wanted[key]) || current.subjects.join() !== wanted.subjects?.join();
}

export async function* pull(
  js: JetStreamClient,
  jsm: JetStreamManager,
  source: PullSource,
  signal: AbortSignal,
): AsyncGenerator<Delivery> {
  try {
    const consumer = await ensureConsumer(js, jsm, source);
    const messages = await consumer.consume({
      max_messages: source.buffer,
      expires: PULL_EXPIRES_MS,
      idle_heartbeat: PULL_HEARTBEAT_MS,
      abort_on_missing_resource: true,
    });
    const stop = () => messages.stop();
    signal.addEventListener('abort', stop, { once: true });
    try {
      if (signal.aborted) return;
      for await (const message of messages) yield toDelivery(message);
    } finally {
      signal.removeEventListener('abort', stop);
      messages.stop();
    }
  } catch (error) {
    throw translated(error, `consumer ${source.durable} of ${source.stream}`);
  }
}

async function ensureConsumer(js: JetStreamClient, jsm: JetStreamManager, source: PullSource): Promise<Consumer> {
  const wanted: Partial<ConsumerConfig> = {
    durable_name: source.durable,
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    filter_subject: source.subject,
    ack_wait: nanos(source.ackWaitMs),
    // Only logical failures end an event, and the inbox counts those: a dependency down all night must not.
    max_deliver: -1,
    max_ack_pending: MAX_UNACKED,
  };
  const current = await findConsumer(jsm, source);
  if (current === undefined) await jsm.consumers.add(source.stream, wanted);
  else if (current.filter_subject !== source.subject || current.ack_wait !== wanted.ack_wait) {
    await jsm.consumers.update(source.stream, source.durable, wanted);
  }
  return js.consumers.get(source.stream, source.durable);
}

async function findConsumer(jsm: JetStreamManager, source: PullSource): Promise<ConsumerConfig | undefined> {
  try {
    return (await jsm.consumers.info(source.stream, source.durable)).config;
  } catch (error) {
    if (isConsumerMissing(error)) return undefined;
    throw error;
  }
}

function toDelivery(message: JsMsg): Delivery {
  const headers: Record<string, string> = {};
  for (const [name, values] of message.headers ?? []) headers[name] = values[0] ?? '';
  return {
    subject: message.subject,
    data: message.data,
    headers: headers satisfies BusHeaders,
    sequence: message.seq,
    ack: () => message.ack(),
    retryAfter: (delayMs) => message.nak(delayMs),
  };
}
