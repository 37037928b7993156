import { SpanKind } from '@opentelemetry/api';
import { type Logger, systemClock } from '@suanli/kernel';
import {
  connect,
  type ConnectionOptions,
  headers as natsHeaders,
  type JetStreamClient,
  type MsgHdrs,
  type NatsConnection,
} from 'nats';
import { type Bus, type BusHeaders, BusUnavailable } from '../bus.ts';
import { ensureStream, pull } from './jetstream.ts';
import { isRefused, translated } from './nats-errors.ts';
import { listen, request, respond } from './request-reply.ts';
import { sending } from '../trace.ts';

export type BusConfig = {
  /** `nats://host:port`, several separated by commas. */
  url: string;
  /** The identity; its inbox is `_INBOX_<user>`, which no other identity may read. Absent: the one in the URL. */
  user?: string;
  password?: string;
  /** Seen in the server's list of connections. */
  name: string;
};

const CONNECT_ATTEMPT_MS = 2_000;
const CONNECT_DEADLINE_MS = 30_000;
const CONNECT_PAUSE_MS = 250;
const RECONNECT_WAIT_MS = 500;
const RECONNECT_JITTER_MS = 500;
const PING_INTERVAL_MS = 10_000;
const MAX_PINGS_OUT = 2;
const PUBLISH_TIMEOUT_MS = 5_000;
const DRAIN_TIMEOUT_MS = 5_000;

/**
 * Connects, waiting for NATS up to half a minute; from then on a lost connection is made again for ever, and calls
 * meanwhile throw BusUnavailable. A wrong password fails at once.
 */
export async function connectBus(config: BusConfig, logger: Logger): Promise<Bus & AsyncDisposable> {
  const nc = await connectPatiently(config, logger);
  let connected = true;
  // Never ends: the client leaves this iterator open when it closes, so nobody may wait for it.
  void watchStatus(nc, logger, (now) => {
    connected = now;
  });
  const js = nc.jetstream({ timeout: PUBLISH_TIMEOUT_MS });
  const jsm = await nc.jetstreamManager({ checkAPI: false, timeout: PUBLISH_TIMEOUT_MS });
  const isConnected = () => connected && !nc.isClosed();
  const requireConnection = () => {
    // The client would keep what it cannot send, and send it long after the caller has given up.
    if (!isConnected()) throw new BusUnavailable('NATS is not connected');
  };
  return {
    ensureStream: async (stream) => {
      requireConnection();
      await ensureStream(jsm, stream);
    },
    pull: (source, signal) => {
      requireConnection();
      return pull(js, jsm, source, signal);
    },
    publish: async (subject, data, headers, { msgId }) => {
      requireConnection();
      await sending(`publish ${subject}`, SpanKind.PRODUCER, headers, (carried) =>
        publish(js, subject, data, carried, msgId),
      );
    },
    request: async (subject, data, options) => {
      requireConnection();
      return request(nc, subject, data, options);
    },
    respond: (subject, options, handler) => respond(nc, { subject, queue: options.queue, logger }, handler),
    broadcast: (subject, data) => {
      if (isConnected()) nc.publish(subject, data);
    },
    listen: (subject, handler) => listen(nc, subject, logger, handler),
    isConnected,
    [Symbol.asyncDispose]: () => close(nc),
  };
}

async function connectPatiently(config: BusConfig, logger: Logger): Promise<NatsConnection> {
  const giveUpAtMs = systemClock.monotonicMs() + CONNECT_DEADLINE_MS;
  for (let attempt = 1; ; attempt++) {
    try {
      return await connect(connectionOptions(config));
    } catch (error) {
      if (isRefused(error)) throw error;
      if (systemClock.monotonicMs() > giveUpAtMs) throw new BusUnavailable('NATS did not answer', { cause: error });
      if (attempt === 1) logger.info({ error: String(error) }, 'waiting for NATS');
      await systemClock.sleep(CONNECT_PAUSE_MS);
    }
  }
}

function connectionOptions(config: BusConfig): ConnectionOptions {
  const urls = config.url.split(',').map((url) => new URL(url));
  const user = config.user ?? decodeURIComponent(urls[0]?.username ?? '');
  const password = config.password ?? decodeURIComponent(urls[0]?.password ?? '');
  return {
    servers: urls.map((url) => url.host),
    ...(user !== '' && { user, pass: password, inboxPrefix: `_INBOX_${user}` }),
    name: config.name,
    timeout: CONNECT_ATTEMPT_MS,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_WAIT_MS,
    reconnectJitter: RECONNECT_JITTER_MS,
    pingInterval: PING_INTERVAL_MS,
    maxPingOut: MAX_PINGS_OUT,
    // A server that comes back with its users not loaded yet must not end the connection for good.
    ignoreAuthErrorAbort: true,
  };
}

async function watchStatus(nc: NatsConnection, logger: Logger, set: (connected: boolean) => void): Promise<void> {
  for await (const status of nc.status()) {
    if (status.type === 'disconnect') {
      set(false);
      logger.warn({}, 'NATS connection lost');
    } else if (status.type === 'reconnect') {
      set(true);
      logger.info({}, 'NATS connection is back');
    } else if (status.type === 'error') {
      logger.warn({ error: status.data, subject: status.permissionContext?.subject }, 'NATS refused something');
    }
  }
}

async function publish(
  js: JetStreamClient,
  subject: string,
  data: Uint8Array,
  headers: BusHeaders,
  msgId: string,
): Promise<void> {
  try {
    await js.publish(subject, data, { msgID: msgId, headers: toNatsHeaders(headers), timeout: PUBLISH_TIMEOUT_MS });
  } catch (error) {
    throw translated(error, `publish ${subject}`);
  }
}

export function toNatsHeaders(headers: BusHeaders): MsgHdrs {
  const out = natsHeaders();
  for (const [name, value] of Object.entries(headers)) out.set(name, value);
  return out;
}

/** Lets what is under way go out, but not for ever when the server is gone. */
async function close(nc: NatsConnection): Promise<void> {
  if (nc.isClosed()) return;
  const timeUp = new AbortController();
  const drained = nc.drain().catch(() => nc.close()); // Not connected: nothing to let out.
  await Promise.race([drained, systemClock.sleep(DRAIN_TIMEOUT_MS, timeUp.signal)]);
  timeUp.abort();
  if (!nc.isClosed()) await nc.close();
}
