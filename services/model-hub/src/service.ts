import { createHash } from 'node:crypto';
import { createGrpcServer, createTokenVerifier } from '@suanli/grpc-kit';
import { type Clock, type IdSource, type Logger, systemClock, systemIds } from '@suanli/kernel';
import { type Bus, connectBus, createOutboxRelay, readBacklog } from '@suanli/messaging';
import { connectPostgres, type Database } from '@suanli/postgres';
import { PUBLIC_PACKAGES, readDescriptorSet } from '@suanli/proto/descriptors';
import { streamSubjects } from '@suanli/proto/subjects';
import {
  createMetrics,
  createOpsServer,
  natsConfig,
  postgresConfig,
  readTls,
  type Service,
  superviseLoops,
  tlsConfig,
} from '@suanli/service-kit';
import { collectLoop } from './adapters/collect-loop.ts';
import { createFileBlobStore } from './adapters/files/file-blob-store.ts';
import { corpusService } from './adapters/grpc/corpus-service.ts';
import { hubService } from './adapters/grpc/hub-service.ts';
import { repositoryService } from './adapters/grpc/repository-service.ts';
import { routeService } from './adapters/grpc/route-service.ts';
import { createDataPort } from './adapters/http/data-port.ts';
import { createUrlSigner } from './adapters/http/signed-url.ts';
import { hubMetrics } from './adapters/hub-metrics.ts';
import { postgresWork } from './adapters/postgres/unit-of-work.ts';
import { waitForSchema } from './adapters/postgres/wait-for-schema.ts';
import type { HubDeps } from './app/ports.ts';
import { seedRoutes } from './app/route/change-routes.ts';
import type { ModelHubConfig } from './config.ts';

export type ModelHubOverrides = {
  logger: Logger;
  clock?: Clock;
  ids?: IdSource;
  db?: Database & AsyncDisposable;
  bus?: Bus & AsyncDisposable;
};
/** Where it listens, with the ports that were really bound; filled by `start`. */
export type ModelHubAddresses = { internal: string; partner?: string; data: string; ops: string };
export type ModelHub = Service & { addresses: ModelHubAddresses };

const STREAM_MAX_AGE_MS = 7 * 24 * 3_600_000;

/** The composition root: everything that the model hub is made of, and in which order it starts and stops. */
export async function createModelHub(config: ModelHubConfig, overrides: ModelHubOverrides): Promise<ModelHub> {
  await using boot = new AsyncDisposableStack();
  const { logger, clock = systemClock, ids = systemIds } = overrides;
  const holder = config.REPLICA_ID;
  const db = boot.use(overrides.db ?? (await connectPostgres(postgresConfig(config, 'model-hub'), logger)));
  await waitForSchema(db, clock, logger);
  const bus = boot.use(overrides.bus ?? (await connectBus(natsConfig(config), logger)));
  const bytes = createFileBlobStore(config.BLOB_DIR);
  await bytes.prepare();

  const metrics = createMetrics('model-hub');
  const observed = hubMetrics(metrics);
  const backlog = () => readBacklog(db);
  metrics.gaugeOf('suanli_modelhub_outbox_unsent', 'Facts not published yet', async () => (await backlog()).unsent);
  metrics.gaugeOf('suanli_modelhub_dead_letters', 'Events that need a person', async () => (await backlog()).dead);

  const loops = boot.use(superviseLoops({ logger, clock }));
  const stream = {
    name: 'modelhub',
    subjects: streamSubjects('modelhub'),
    maxAgeMs: STREAM_MAX_AGE_MS,
    discard: 'new' as const,
  };
  const relay = createOutboxRelay({ db, bus, stream, holder, clock, logger });
  const urls = createUrlSigner({ key: config.URL_SIGNING_KEY, baseUrl: config.DATA_URL, clock });
  const hub: HubDeps = {
    work: postgresWork(db, ids, relay.wake),
    bytes,
    signUrl: urls.sign,
    hashText: (text) => createHash('sha256').update(text).digest('hex'),
    clock,
    ids,
    limits: { maxBlobBytes: config.MAX_BLOB_BYTES },
  };
  await seedRoutes(hub);

  const verifier = createTokenVerifier({ jwksUrl: config.JWKS_URL, clock, logger });
  const publicServices = [
    repositoryService(hub, verifier),
    corpusService(hub, verifier, observed),
    routeService(hub, verifier),
  ];
  const rpc = { logger, clock, ids, observe: metrics.observeGrpc };
  const internal = boot.use(
    createGrpcServer({
      ...rpc,
      address: config.GRPC_INTERNAL_ADDRESS,
      tls: await readTls(tlsConfig(config)),
      services: [...publicServices, hubService(hub, observed)],
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
            reflection: { descriptorSet: readDescriptorSet(), packages: [PUBLIC_PACKAGES.modelhub] },
          }),
        );
  const data = boot.use(createDataPort({ address: config.DATA_ADDRESS, hub, urls, metrics: observed, logger }));
  const checks = {
    postgres: async () => void (await db.$client.query('select 1')),
    nats: () => {
      if (!bus.isConnected()) throw new Error('not connected');
    },
    blobs: bytes.check,
    loops: loops.check,
  };
  const ops = boot.use(createOpsServer({ address: config.OPS_ADDRESS, checks, metrics, logger, clock }));
  boot.defer(async () => ops.drain());

  const addresses: ModelHubAddresses = { internal: '', data: '', ops: '' };
  const owned = boot.move(); // Nothing leaks when a line above throws.
  return {
    addresses,
    async start() {
      loops.run('outbox relay', (signal) => relay.run(signal));
      loops.run('upload collection', collectLoop({ hub, db, holder, clock, metrics: observed, logger }));
      addresses.data = withPort(config.DATA_ADDRESS, await data.listen());
      addresses.internal = withPort(config.GRPC_INTERNAL_ADDRESS, await internal.listen());
      if (partner && config.GRPC_PARTNER_ADDRESS) {
        addresses.partner = withPort(config.GRPC_PARTNER_ADDRESS, await partner.listen());
      }
      addresses.ops = withPort(config.OPS_ADDRESS, await ops.listen());
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function withPort(address: string, port: number): string {
  return `${address.slice(0, address.lastIndexOf(':'))}:${port}`;
}
