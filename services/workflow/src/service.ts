import { createGrpcServer, createTokenVerifier } from '@suanli/grpc-kit';
import { type Clock, type IdSource, type Logger, systemClock, systemIds, seededRng } from '@suanli/kernel';
import { type Bus, connectBus, createOutboxRelay, readBacklog } from '@suanli/messaging';
import { connectPostgres, type Database, hashBody } from '@suanli/postgres';
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
import { randomInt } from 'node:crypto';
import { createDispatcher } from './adapters/bullmq/dispatcher.ts';
import { createStepWorker } from './adapters/bullmq/step-worker.ts';
import { platformEffects } from './adapters/effects/platform-effects.ts';
import { definitionService } from './adapters/grpc/definition-service.ts';
import { humanTaskService } from './adapters/grpc/human-task-service.ts';
import { runService } from './adapters/grpc/run-service.ts';
import { createEvaluator } from './adapters/jq/evaluator.ts';
import { workflowConsumers } from './adapters/nats/consumers.ts';
import { createRunWakes } from './adapters/nats/run-wakes.ts';
import { patientTransact } from './adapters/postgres/patient-transact.ts';
import { postgresTransact } from './adapters/postgres/create-stores.ts';
import { waitForSchema } from './adapters/postgres/wait-for-schema.ts';
import { reconcileLoop } from './adapters/reconcile-loop.ts';
import { workflowMetrics } from './adapters/workflow-metrics.ts';
import { createPrograms } from './app/definitions/programs.ts';
import { runStep, type WorkerDeps } from './app/steps/run-step.ts';
import type { WorkflowConfig } from './config.ts';

export type WorkflowOverrides = {
  logger: Logger;
  clock?: Clock;
  ids?: IdSource;
  db?: Database & AsyncDisposable;
  bus?: Bus & AsyncDisposable;
};
/** Where it listens, with the ports that were really bound; filled by `start`. */
export type WorkflowAddresses = { internal: string; partner?: string; ops: string };
export type Workflow = Service & { addresses: WorkflowAddresses };

const STREAM_MAX_AGE_MS = 7 * 24 * 3_600_000;

/** The composition root: everything that the service is made of, and in which order it starts and stops. */
export async function createWorkflow(config: WorkflowConfig, overrides: WorkflowOverrides): Promise<Workflow> {
  await using boot = new AsyncDisposableStack();
  const { logger, clock = systemClock, ids = systemIds } = overrides;
  const holder = config.REPLICA_ID;
  const tls = await readTls(tlsConfig(config));
  const db = boot.use(overrides.db ?? (await connectPostgres(postgresConfig(config, 'workflow'), logger)));
  await waitForSchema(db, clock, logger);
  const bus = boot.use(overrides.bus ?? (await connectBus(natsConfig(config), logger)));
  const metrics = createMetrics('workflow');
  const observed = workflowMetrics(metrics);
  const loops = boot.use(superviseLoops({ logger, clock }));
  const stream = {
    name: 'workflow',
    subjects: streamSubjects('workflow'),
    maxAgeMs: STREAM_MAX_AGE_MS,
    discard: 'old' as const,
  };
  const relay = createOutboxRelay({ db, bus, stream, holder, clock, logger });
  const wakes = boot.use(createRunWakes(bus, clock));
  const { EXPRESSION_TIME_LIMIT_MS: timeLimitMs, EXPRESSION_THREADS: threads } = config;

  const deps: WorkerDeps = {
    transact: postgresTransact(db, ids),
    evaluator: boot.use(createEvaluator({ timeLimitMs, threads, logger })),
    dispatcher: boot.use(createDispatcher({ redisUrl: config.REDIS_URL, clock, logger })),
    effects: boot.use(
      platformEffects({
        gatewayAddress: config.GATEWAY_ADDRESS,
        schedulerAddress: config.SCHEDULER_ADDRESS,
        modelHubAddress: config.MODEL_HUB_ADDRESS,
        defaultModel: config.DEFAULT_MODEL,
        tls,
      }),
    ),
    digest: (document) => `sha256:${hashBody(document)}`,
    programs: createPrograms(),
    clock,
    ids,
    rng: seededRng(randomInt(2 ** 32)),
    logger,
    committed: relay.wake,
    leaseMs: config.STEP_LEASE_MS,
  };
  const patient = { ...deps, transact: patientTransact(deps.transact, clock, logger) };
  const worker = boot.use(
    createStepWorker({
      redisUrl: config.REDIS_URL,
      concurrency: config.STEP_CONCURRENCY,
      clock,
      logger,
      async work(stepId, stopping) {
        const startedMs = clock.monotonicMs();
        observed.step(await runStep(patient, stepId, stopping), clock.monotonicMs() - startedMs);
      },
    }),
  );
  metrics.gaugeOf(
    'suanli_workflow_outbox_unsent',
    'Facts not published yet',
    async () => (await readBacklog(db)).unsent,
  );
  metrics.gaugeOf(
    'suanli_workflow_dead_letters',
    'Events that need a person',
    async () => (await readBacklog(db)).dead,
  );

  const verifier = createTokenVerifier({ jwksUrl: config.JWKS_URL, clock, logger });
  const services = [
    definitionService(deps, verifier),
    runService({ ...deps, wakes }, verifier),
    humanTaskService(deps, verifier),
  ];
  const rpc = { services, logger, clock, ids, observe: metrics.observeGrpc };
  const internal = boot.use(createGrpcServer({ ...rpc, address: config.GRPC_INTERNAL_ADDRESS, tls }));
  const partner =
    config.GRPC_PARTNER_ADDRESS === undefined
      ? undefined
      : boot.use(
          createGrpcServer({
            ...rpc,
            address: config.GRPC_PARTNER_ADDRESS,
            reflection: { descriptorSet: readDescriptorSet(), packages: [PUBLIC_PACKAGES.workflow] },
          }),
        );
  const checks = {
    postgres: async () => void (await db.$client.query('select 1')),
    nats: () => {
      if (!bus.isConnected()) throw new Error('not connected');
    },
    loops: loops.check,
  };
  const ops = boot.use(createOpsServer({ address: config.OPS_ADDRESS, checks, metrics, logger, clock }));
  boot.defer(async () => ops.drain());

  const addresses: WorkflowAddresses = { internal: '', ops: '' };
  const owned = boot.move(); // Nothing leaks when a line above throws.
  return {
    addresses,
    async start() {
      loops.run('outbox relay', (signal) => relay.run(signal));
      loops.run(
        'reconciler',
        reconcileLoop({ deps, db, holder, pauseMs: config.RECONCILE_MS, clock, metrics: observed }),
      );
      for (const { name, consumer } of workflowConsumers({ db, bus, clock, ids, logger })) {
        loops.run(name, (signal) => consumer.run(signal));
      }
      worker.start();
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
