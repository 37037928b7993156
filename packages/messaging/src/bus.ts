/** Header names are case-sensitive. */
export type BusHeaders = Readonly<Record<string, string>>;

export type StreamConfig = {
  /** The service that owns it. */
  name: string;
  subjects: readonly string[];
  /** How long a consumer may be away without losing events. Inbox and outbox rows are kept longer. */
  maxAgeMs: number;
  /** When full: `new` refuses to publish (the outbox keeps the event), `old` forgets the oldest. */
  discard: 'old' | 'new';
  /** Bytes on disk; no limit when absent. */
  maxBytes?: number;
};

/** What one durable consumer takes from a stream. */
export type PullSource = {
  stream: string;
  durable: string;
  /** One filter; may hold wildcards. */
  subject: string;
  /** Deliveries fetched ahead of the handler. */
  buffer: number;
  /** A delivery neither acknowledged nor returned by then is delivered again. */
  ackWaitMs: number;
};

/** One delivery of one event: exactly one of `ack` and `retryAfter` is called. */
export type Delivery = {
  subject: string;
  data: Uint8Array;
  headers: BusHeaders;
  /** Place in the stream. */
  sequence: number;
  ack(): void;
  retryAfter(delayMs: number): void;
};

export type RequestMessage = { subject: string; data: Uint8Array };

export interface Bus {
  /** Creates the stream, or brings it to this configuration. Only its owner may. */
  ensureStream(config: StreamConfig): Promise<void>;
  /** Resolves when the stream has stored the event; a second one with the same id within minutes is stored once. */
  publish(subject: string, data: Uint8Array, headers: BusHeaders, options: { msgId: string }): Promise<void>;
  /** Deliveries until `signal` aborts. Throws when stream or consumer is missing or goes away: call again. */
  pull(source: PullSource, signal: AbortSignal): AsyncIterable<Delivery>;
  /** Asks whoever responds now. Throws BusUnavailable when none does in time, RequestFailed when the handler threw. */
  request(subject: string, data: Uint8Array, options: { timeoutMs: number; signal?: AbortSignal }): Promise<Uint8Array>;
  /** Answers requests; those of one `queue` share the load. Disposing waits for the answers under way. */
  respond(
    subject: string,
    options: { queue: string },
    handler: (request: RequestMessage) => Promise<Uint8Array>,
  ): AsyncDisposable;
  /** Tells whoever listens now. May be lost: only ever a wake-up. */
  broadcast(subject: string, data: Uint8Array): void;
  listen(subject: string, handler: (message: RequestMessage) => void): AsyncDisposable;
  isConnected(): boolean;
}

/** NATS, a stream or a responder is not there now; the same call may succeed later. */
export class BusUnavailable extends Error {
  override name = 'BusUnavailable';
}

/** The responder's handler threw. What it threw stays in its own log. */
export class RequestFailed extends Error {
  override name = 'RequestFailed';
}

export function isBusUnavailable(error: unknown): boolean {
  return error instanceof BusUnavailable || (error instanceof Error && isBusUnavailable(error.cause));
}
