import { type Clock, type IdSource, type Logger, systemClock, systemIds } from '@suanli/kernel';
import { type Bus, connectBus, createOutboxRelay } from '@suanli/messaging';
import { connectPostgres, type Database } from '@suanli/postgres';
import { streamSubjects } from '@suanli/proto/subjects';
import {
  createMetrics,
  type Metrics,
  natsConfig,
  postgresConfig,
  readTls,
  type Service,
  superviseLoops,
  tlsConfig,
} from '@suanli/service-kit';
import { connectDownstream } from './adapters/grpc/downstream.ts';
import { inferenceService } from './adapters/grpc/inference/inference-service.ts';
import { jobKeyService } from './adapters/grpc/job-key-service.ts';
import { tokenService } from './adapters/grpc/token-service.ts';
import { createHttpApp } from './adapters/http/create-http-app.ts';
import type { HttpDeps } from './adapters/http/http-deps.ts';
import { createStreamRegistry } from './adapters/http/sse/stream-registry.ts';
import { idempotencyStore } from './adapters/postgres/idempotency-store.ts';
import { postgresStores } from './adapters/postgres/stores.ts';
import { waitForSchema } from './adapters/postgres/wait-for-schema.ts';
import { createRedisLimiter } from './adapters/redis/redis-limiter.ts';
import { createLocalLimiter } from './app/local-limiter.ts';
import type { GatewayConfig } from './config.ts';
import { createCredentials } from './credentials.ts';
import { createInference } from './inference.ts';
import { createListeners, type GatewayAddresses } from './listeners.ts';
import { gatewayLoops } from './loops.ts';
import { createWebhooks } from './webhooks.ts';

export type GatewayOverrides = {
  logger: Logger;
  clock?: Clock;
  ids?: IdSource;
  db?: Database & AsyncDisposable;
  bus?: Bus & AsyncDisposable;
};
/** `addresses` is there once it has started. */
export type Gateway = Service & { readonly addresses: GatewayAddresses };

const STREAM_MAX_AGE_MS = 7 * 24 * 3_600_000;

/** The composition root: everything that the gateway is made of, and in which order it starts and stops. */
export async function createGateway(config: GatewayConfig, overrides: GatewayOverrides): Promise<Gateway> {
  await using boot = new AsyncDisposableStack();
  const { logger, clock = systemClock, ids = systemIds } = overrides;
  const db = boot.use(overrides.db ?? (await connectPostgres(postgresConfig(config, 'gateway'), logger)));
  await waitForSchema({ db, clock, logger });
  const bus = boot.use(overrides.bus ?? (await connectBus(natsConfig(config), logger)));
  const tls = await readTls(tlsConfig(config));
  const metrics = createMetrics('gateway');
  const streams = createStreamRegistry(config.STREAMS_PER_KEY);
  const loops = boot.use(superviseLoops({ logger, clock }));
  const stream = {
    name: 'gateway',
    subjects: streamSubjects('gateway'),
    maxAgeMs: STREAM_MAX_AGE_MS,
    discard: 'new',
  } as const;
  const relay = createOutboxRelay({ db, bus, stream, holder: config.REPLICA_ID, clock, logger });
  const parts = { config, db, bus, tls, clock, ids, logger, boot, committed: relay.wake };

  const { checkKey, commands, signingKeys, tokens, uses, vault } = await createCredentials({
    ...parts,
    wakeRelay: relay.wake,
    shutKey: streams.endKey,
  });
  const inference = await createInference(parts);
  const webhooks = createWebhooks({ ...parts, vault, wakeRelay: relay.wake });
  const fallback = createLocalLimiter(clock);
  const redis = { url: config.REDIS_URL, timeoutMs: config.LIMITER_TIMEOUT_MS };
  const limiter = boot.use(createRedisLimiter({ ...redis, clock, logger, fallback }));
  const idempotency = { store: idempotencyStore(db), vault, clock, ids };
  metrics.gaugeOf('suanli_gateway_open_streams', 'Event streams that are open now', streams.count);

  const app = await createHttpApp({
    ...{ clock, ids, limiter, idempotency, commands, tokens, streams, authenticate: checkKey },
    logger: logger.child({ component: 'http' }),
    publicUrl: config.PUBLIC_URL,
    trustedProxies: config.TRUSTED_PROXIES,
    defaultRequestsPerMinute: config.REQUESTS_PER_MINUTE,
    stores: postgresStores(db),
    publicKeys: signingKeys.publicKeys,
    services: connectDownstream(config, tls, boot),
    inference: inference.deps,
    webhooks: webhooks.deps,
    observe: observeRequests(metrics),
  });
  const listeners = createListeners({
    ...{ config, app, tls, metrics, clock, ids, logger, boot, drain: streams.drain },
    publicServices: [tokenService({ authenticate: checkKey, limiter, tokens })],
    internalServices: [jobKeyService(commands), inferenceService(inference.deps)],
    checks: { postgres: () => pingPostgres(db), nats: () => pingNats(bus), loops: loops.check },
  });

  let addresses: GatewayAddresses | undefined;
  const owned = boot.move(); // Nothing leaks when a line above throws.
  return {
    get addresses() {
      if (addresses === undefined) throw new Error('the gateway has not started');
      return addresses;
    },
    async start() {
      gatewayLoops({ loops, relay, uses, signingKeys, idempotency, clock });
      inference.runLoops(loops);
      webhooks.runLoops(loops);
      addresses = await listeners.open();
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function observeRequests(metrics: Metrics): HttpDeps['observe'] {
  const seconds = metrics.histogram('suanli_gateway_http_seconds', 'HTTP requests', ['method', 'route', 'status']);
  return ({ method, route, status, durationMs }) =>
    seconds.observe({ method, route, status: String(status) }, durationMs / 1000);
}

async function pingPostgres(db: Database): Promise<void> {
  await db.$client.query('select 1');
}

function pingNats(bus: Bus): void {
  if (!bus.isConnected()) throw new Error('not connected');
}
