import { SpanKind } from '@opentelemetry/api';
import type { Logger } from '@suanli/kernel';
import { headers as natsHeaders, type Msg, type NatsConnection, type Subscription } from 'nats';
import { type BusHeaders, RequestFailed, type RequestMessage } from '../bus.ts';
import { translated } from './nats-errors.ts';
import { receiving, sending } from '../trace.ts';

const FAILED_HEADER = 'Suanli-Failed';
/** Requests one responder works on at once; later ones wait in its subscription. */
const MAX_REQUESTS_IN_FLIGHT = 64;

export async function request(
  nc: NatsConnection,
  subject: string,
  data: Uint8Array,
  options: { timeoutMs: number; signal?: AbortSignal },
): Promise<Uint8Array> {
  options.signal?.throwIfAborted();
  const reply = await sending(`request ${subject}`, SpanKind.CLIENT, {}, async (carried) => {
    const headers = natsHeaders();
    for (const [name, value] of Object.entries(carried)) headers.set(name, value);
    try {
      return await orAborted(nc.request(subject, data, { timeout: options.timeoutMs, headers }), options.signal);
    } catch (error) {
      throw translated(error, `request ${subject}`);
    }
  });
  if (reply.headers?.has(FAILED_HEADER) === true) throw new RequestFailed(`${subject}: the responder failed`);
  return reply.data;
}

export function respond(
  nc: NatsConnection,
  options: { subject: string; queue: string; logger: Logger },
  handler: (request: RequestMessage) => Promise<Uint8Array>,
): AsyncDisposable {
  const subscription = nc.subscribe(options.subject, { queue: options.queue });
  const serving = serve(subscription, (message) => answer(message, handler, options.logger));
  return {
    [Symbol.asyncDispose]: async () => {
      if (!nc.isClosed()) await subscription.drain();
      await serving;
    },
  };
}

export function listen(
  nc: NatsConnection,
  subject: string,
  logger: Logger,
  handler: (message: RequestMessage) => void,
): AsyncDisposable {
  const subscription = nc.subscribe(subject, {
    callback: (error, message) => {
      if (error !== null) return logger.warn({ subject, error: String(error) }, 'subscription refused');
      try {
        handler({ subject: message.subject, data: message.data });
      } catch (thrown) {
        logger.error({ subject, error: String(thrown) }, 'listener threw');
      }
    },
  });
  return { [Symbol.asyncDispose]: async () => subscription.unsubscribe() };
}

async function serve(subscription: Subscription, handle: (message: Msg) => Promise<void>): Promise<void> {
  const inFlight = new Set<Promise<void>>();
  for await (const message of subscription) {
    const one = handle(message).finally(() => inFlight.delete(one));
    inFlight.add(one);
    if (inFlight.size >= MAX_REQUESTS_IN_FLIGHT) await Promise.race(inFlight);
  }
  await Promise.all(inFlight);
}

async function answer(
  message: Msg,
  handler: (request: RequestMessage) => Promise<Uint8Array>,
  logger: Logger,
): Promise<void> {
  const { subject, data } = message;
  try {
    const reply = await receiving(`respond ${subject}`, SpanKind.SERVER, headersOf(message), () =>
      handler({ subject, data }),
    );
    message.respond(reply);
  } catch (error) {
    logger.error({ subject, error: error instanceof Error ? error.stack : String(error) }, 'responder threw');
    const headers = natsHeaders();
    headers.set(FAILED_HEADER, '1');
    message.respond(new Uint8Array(), { headers });
  }
}

function headersOf(message: Msg): BusHeaders {
  return Object.fromEntries([...(message.headers ?? [])].map(([name, values]) => [name, values[0] ?? '']));
}

async function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
