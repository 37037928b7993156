import type { AddressInfo } from 'node:net';
import { type Clock, type IdSource, type Logger, systemClock, systemIds } from '@suanli/kernel';
import { type Bus, connectBus, createOutboxRelay } from '@suanli/messaging';
import { createGrpcServer } from '@suanli/grpc-kit';
import { connectPostgres, type Database } from '@suanli/postgres';
import { PUBLIC_PACKAGES, readDescriptorSet } from '@suanli/proto/descriptors';
import { streamSubjects } from '@suanli/proto/subjects';
import {
  createMetrics,
  createOpsServer,
  createVault,
  natsConfig,
  postgresConfig,
  readTls,
  type Service,
  superviseLoops,
  tlsConfig,
} from '@suanli/service-kit';
import { es256 } from './adapters/crypto/es256.ts';
import { secrets } from './adapters/crypto/secrets.ts';
import { connectDownstream } from './adapters/grpc/downstream.ts';
import { inferenceService } from './adapters/grpc/inference/inference-service.ts';
import { jobKeyService } from './adapters/grpc/job-key-service.ts';
import { tokenService } from './adapters/grpc/token-service.ts';
import { closeGently } from './adapters/http/close-gently.ts';
import { createHttpApp } from './adapters/http/create-http-app.ts';
import { createStreamRegistry } from './adapters/http/sse/stream-registry.ts';
import { followRevokedKeys } from './adapters/nats/key-feed.ts';
import { eventLog } from './adapters/postgres/event-log.ts';
import { idempotencyStore } from './adapters/postgres/idempotency-store.ts';
import { signingKeyStore } from './adapters/postgres/signing-key-store.ts';
import { postgresStores } from './adapters/postgres/stores.ts';
import { waitForSchema } from './adapters/postgres/wait-for-schema.ts';
import { createRedisLimiter } from './adapters/redis/redis-limiter.ts';
import { authenticate } from './app/keys/authenticate.ts';
import { createKeyCache } from './app/keys/key-cache.ts';
import { createUseRecorder } from './app/keys/use-recorder.ts';
import { createLocalLimiter } from './app/local-limiter.ts';
import type { CommandDeps } from './app/ports.ts';
import { loadSigningKeys } from './app/tokens/signing-keys.ts';
import { createTokenMinter } from './app/tokens/token-minter.ts';
import type { GatewayConfig } from './config.ts';
import { createInference } from './inference.ts';
import { gatewayLoops } from './loops.ts';

export type GatewayOverrides = {
  logger: Logger;
  clock?: Clock;
  ids?: IdSource;
  db?: Database & AsyncDisposable;
  bus?: Bus & AsyncDisposable;
};
export type GatewayAddresses = { http: string; internal: string; partner?: string; ops: string };
export type Gateway = Service & { addresses: GatewayAddresses };

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
  const loops = boot.use(superviseLoops({ logger, clock }));

  const vault = createVault(config.MASTER_KEY);
  const stores = postgresStores(db);
  const signingKeys = await loadSigningKeys({ store: signingKeyStore(db), signing: es256, vault, clock, logger });
  const tokens = createTokenMinter({ keys: signingKeys, signing: es256, clock });
  const cache = createKeyCache(clock);
  const forgetKey = (keyId: string) => {
    cache.forgetKey(keyId);
    tokens.forgetKey(keyId);
  };
  boot.use(followRevokedKeys(bus, logger, forgetKey));
  const relay = createOutboxRelay({
    db,
    bus,
    stream: { name: 'gateway', subjects: streamSubjects('gateway'), maxAgeMs: STREAM_MAX_AGE_MS, discard: 'new' },
    holder: config.REPLICA_ID,
    clock,
    logger,
  });
  const commands: CommandDeps = {
    db,
    clock,
    ids,
    stores: postgresStores,
    events: (tx) => eventLog(tx, ids),
    secrets,
    vault,
    committed({ revoked = [], changedMember }) {
      for (const { keyId } of revoked) forgetKey(keyId);
      if (changedMember !== undefined) cache.forgetMember(changedMember);
      relay.wake();
    },
  };
  const uses = createUseRecorder({ db, stores: postgresStores, clock, logger });
  const operator = { keySha256: config.OPERATOR_KEY_SHA256, requestsPerMinute: config.OPERATOR_REQUESTS_PER_MINUTE };
  const isFeedLive = () => bus.isConnected();
  const authenticating = {
    db,
    clock,
    stores: postgresStores,
    secrets,
    cache,
    operator,
    isFeedLive,
    recordUse: uses.record,
  };
  const checkKey = (secret: string) => authenticate(authenticating, secret);
  const limiter = boot.use(
    createRedisLimiter({ url: config.REDIS_URL, clock, logger, fallback: createLocalLimiter(clock) }),
  );
  const idempotency = { store: idempotencyStore(db), vault, clock, ids };
  const streams = createStreamRegistry(config.STREAMS_PER_KEY);
  metrics.gaugeOf('suanli_gateway_open_streams', 'Event streams that are open now', () => streams.count());
  const requests = metrics.histogram('suanli_gateway_http_seconds', 'HTTP requests', ['method', 'route', 'status']);

  const inference = await createInference({
    ...{ config, db, bus, tls, clock, ids, logger, boot },
    committed: () => relay.wake(),
  });
  const app = await createHttpApp({
    clock,
    ids,
    logger: logger.child({ component: 'http' }),
    publicUrl: config.PUBLIC_URL,
    trustedProxies: config.TRUSTED_PROXIES,
    defaultRequestsPerMinute: config.REQUESTS_PER_MINUTE,
    authenticate: checkKey,
    limiter,
    idempotency,
    commands,
    stores,
    tokens,
    publicKeys: signingKeys.publicKeys,
    services: connectDownstream(
      {
        billing: config.BILLING_ADDRESS,
        scheduler: config.SCHEDULER_ADDRESS,
        workflow: config.WORKFLOW_ADDRESS,
        modelHub: config.MODEL_HUB_ADDRESS,
      },
      tls,
      boot,
    ),
    inference: inference.deps,
    streams,
    observe: ({ method, route, status, durationMs }) =>
      requests.observe({ method, route, status: String(status) }, durationMs / 1000),
  });
  const publicServices = [tokenService({ authenticate: checkKey, limiter, tokens })];
  const rpc = { logger, clock, ids, observe: metrics.observeGrpc };
  const internal = boot.use(
    createGrpcServer({
      ...rpc,
      address: config.GRPC_INTERNAL_ADDRESS,
      tls,
      services: [...publicServices, jobKeyService(commands), inferenceService(inference.deps)],
    }),
  );
  const partner =
    config.GRPC_PARTNER_ADDRESS === undefined
      ? undefined
      : boot.use(
          createGrpcServer({
            ...rpc,
            address: config.GRPC_PARTNER_ADDRESS,
            services: publicServices,
            reflection: { descriptorSet: readDescriptorSet(), packages: [PUBLIC_PACKAGES.gateway] },
          }),
        );
  boot.defer(async () => {
    streams.drain();
    await closeGently(app, clock);
    await uses.flush();
  });
  const checks = {
    postgres: async () => void (await db.$client.query('select 1')),
    nats: () => {
      if (!bus.isConnected()) throw new Error('not connected');
    },
    loops: loops.check,
  };
  const ops = boot.use(createOpsServer({ address: config.OPS_ADDRESS, checks, metrics, logger, clock }));
  boot.defer(async () => ops.drain());

  const addresses: GatewayAddresses = { http: '', internal: '', ops: '' };
  const owned = boot.move(); // Nothing leaks when a line above throws.
  return {
    addresses,
    async start() {
      gatewayLoops({ loops, relay, uses, signingKeys, idempotency, clock });
      inference.runLoops(loops);
      const host = hostOf(config.HTTP_ADDRESS);
      await app.listen({ host, port: portOf(config.HTTP_ADDRESS) });
      addresses.http = `http://${host}:${(app.server.address() as AddressInfo).port}`;
      addresses.internal = withPort(config.GRPC_INTERNAL_ADDRESS, await internal.listen());
      if (partner && config.GRPC_PARTNER_ADDRESS)
        addresses.partner = withPort(config.GRPC_PARTNER_ADDRESS, await partner.listen());
      addresses.ops = withPort(config.OPS_ADDRESS, await ops.listen());
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const hostOf = (address: string) => address.slice(0, address.lastIndexOf(':')).replace(/^\[|\]$/g, '');
const portOf = (address: string) => Number(address.slice(address.lastIndexOf(':') + 1));
const withPort = (address: string, port: number) => `${address.slice(0, address.lastIndexOf(':'))}:${port}`;
