import { type Clock, type IdSource, type Logger, systemClock, systemIds } from '@suanli/kernel';
import { type Bus, connectBus, createOutboxRelay } from '@suanli/messaging';
import { connectPostgres, type Database } from '@suanli/postgres';
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
import { readCatalogue } from './adapters/file/read-catalogue.ts';
import { connectPeers } from './adapters/grpc/clients/connect-peers.ts';
import { createListeners } from './adapters/grpc/listeners.ts';
import { jobKeyVault } from './adapters/job-key-vault.ts';
import { runControl } from './adapters/loops/run-control.ts';
import { schedulerMetrics } from './adapters/loops/scheduler-metrics.ts';
import { serveAgents } from './adapters/nats/agent-uplink.ts';
import { createConsumers } from './adapters/nats/consumers.ts';
import { createWakeBoard } from './adapters/nats/wakes.ts';
import { marketStore, upsertCatalogue } from './adapters/postgres/catalogue-store.ts';
import { postgresStores } from './adapters/postgres/stores.ts';
import { waitForSchema } from './adapters/postgres/wait-for-schema.ts';
import type { SchedulerDeps } from './app/deps.ts';
import { defaultPolicy, type Policy } from './app/policy.ts';
import type { SchedulerConfig } from './config.ts';

export type SchedulerOverrides = {
  logger: Logger;
  clock?: Clock;
  ids?: IdSource;
  db?: Database & AsyncDisposable;
  bus?: Bus & AsyncDisposable;
  policy?: Policy;
  /** How long a dead leader blocks the next one. */
  leadershipLeaseMs?: number;
};
/** Where it listens, with the ports that were really bound; filled by `start`. */
export type SchedulerAddresses = { internal: string; partner?: string; ops: string };
export type Scheduler = Service & { addresses: SchedulerAddresses };

const STREAM_MAX_AGE_MS = 7 * 24 * 3_600_000;
/** Short: it is how long nobody schedules after the leader has died. */
const LEADERSHIP_LEASE_MS = 3_000;

/** The composition root: everything that the control plane is made of, and in which order it starts and stops. */
export async function createScheduler(config: SchedulerConfig, overrides: SchedulerOverrides): Promise<Scheduler> {
  await using boot = new AsyncDisposableStack();
  const { logger, clock = systemClock, ids = systemIds } = overrides;
  const common = { clock, logger, holder: config.REPLICA_ID };
  const db = boot.use(overrides.db ?? (await connectPostgres(postgresConfig(config, 'scheduler'), logger)));
  await waitForSchema(db, clock, logger);
  await upsertCatalogue(db, await readCatalogue(config.CATALOGUE_FILE));
  const bus = boot.use(overrides.bus ?? (await connectBus(natsConfig(config), logger)));
  const metrics = createMetrics('scheduler');
  const cycleMetrics = schedulerMetrics(metrics, db); // Registered once, however often the loop is started again.

  const relay = createOutboxRelay({ ...common, db, bus, stream });
  const board = createWakeBoard({ clock, bus, wakeRelay: relay.wake });
  const tls = await readTls(tlsConfig(config));
  const vault = jobKeyVault(createVault(config.MASTER_KEY));
  const peers = boot.use(connectPeers(config, tls, { clock, logger, vault }));
  const loops = boot.use(superviseLoops({ logger, clock })); // Stopped before what they use is closed.
  const base = overrides.policy ?? defaultPolicy;
  const policy = { ...base, leaseMs: config.LEASE_MS, leaseMarginMs: config.LEASE_MARGIN_MS };
  const deps: SchedulerDeps = { db, stores: postgresStores, ...peers, wakes: board.wakes, policy, clock, ids, logger };

  const listeners = createListeners(config, deps, {
    tls,
    metrics,
    market: marketStore(db),
    waitForChange: board.waitForChange,
  });
  const { internal, partner } = boot.use(listeners);
  const checks = {
    postgres: async () => void (await db.$client.query('select 1')),
    nats: () => {
      if (!bus.isConnected()) throw new Error('not connected');
    },
    loops: loops.check,
  };
  const ops = boot.use(createOpsServer({ address: config.OPS_ADDRESS, checks, metrics, logger, clock }));

  const addresses: SchedulerAddresses = { internal: '', ops: '' };
  const owned = boot.move(); // Nothing leaks when a line above throws.
  return {
    addresses,
    async start() {
      const leaseMs = overrides.leadershipLeaseMs ?? LEADERSHIP_LEASE_MS;
      loops.run('outbox relay', (signal) => relay.run(signal));
      loops.run('control', (signal) =>
        runControl({ ...common, ...board, deps, metrics: cycleMetrics, leaseMs }, signal),
      );
      for (const [name, consumer] of Object.entries(createConsumers({ db, bus, clock, logger, stores: deps.stores }))) {
        loops.run(`consumer of ${name}`, (signal) => consumer.run(signal));
      }
      owned.use(board.follow(bus));
      owned.use(serveAgents(deps, bus, vault));
      addresses.internal = withPort(config.GRPC_INTERNAL_ADDRESS, await internal.listen());
      if (partner) addresses.partner = withPort(config.GRPC_PARTNER_ADDRESS ?? '', await partner.listen());
      addresses.ops = withPort(config.OPS_ADDRESS, await ops.listen());
      owned.defer(() => ops.drain());
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const stream = {
  name: 'scheduler',
  subjects: streamSubjects('scheduler'),
  maxAgeMs: STREAM_MAX_AGE_MS,
  discard: 'new' as const,
};

function withPort(address: string, port: number): string {
  return `${address.slice(0, address.lastIndexOf(':'))}:${port}`;
}
