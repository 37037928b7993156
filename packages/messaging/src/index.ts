export {
  type Bus,
  type BusHeaders,
  BusUnavailable,
  type Delivery,
  isBusUnavailable,
  type PullSource,
  RequestFailed,
  type RequestMessage,
  type StreamConfig,
} from './bus.ts';
export type { IncomingEvent } from './cloud-event.ts';
export { type BusConfig, connectBus } from './nats/connect-bus.ts';
export { type ConsumerOptions, createConsumer, type EventConsumer } from './consumer/consumer.ts';
export {
  type Backlog,
  type DeadLetter,
  listDeadLetters,
  readBacklog,
  replayDeadLetter,
  resendSince,
} from './consumer/dead-letters.ts';
export type { EventHandler, Verdict } from './consumer/inbox-guard.ts';
export { createOutboxRelay, type OutboxRelay, type OutboxRelayOptions } from './outbox-relay.ts';
