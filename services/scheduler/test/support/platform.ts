import { createGrpcClient } from '@suanli/grpc-kit';
import { systemIds, type TenantPath } from '@suanli/kernel';
import { outbox } from '@suanli/postgres';
import { ComputeServiceClient } from '@suanli/proto/suanli/scheduler/v1/compute.ts';
import { type Job, JobServiceClient, JobSpec } from '@suanli/proto/suanli/scheduler/v1/job.ts';
import { WorkloadServiceClient } from '@suanli/proto/suanli/scheduler/internal/v1/jobs.ts';
import { eventually, silentLogger, testBus, testDatabase, testTls, testTokens } from '@suanli/test-kit';
import { asc, eq, sql } from 'drizzle-orm';
import { fileURLToPath } from 'node:url';
import { MIGRATIONS_FOLDER } from '../../src/adapters/postgres/migrations-folder.ts';
import { postgresStores } from '../../src/adapters/postgres/stores.ts';
import { defaultPolicy, type Policy } from '../../src/app/policy.ts';
import { schedulerEnv } from '../../src/config.ts';
import { createScheduler, type Scheduler } from '../../src/service.ts';
import { reason } from '../../src/domain/job/reason.ts';
import { aWorkload } from '../../src/testing/builders.ts';
import { startFakeBilling } from './fake-billing.ts';
import { startFakeGateway, startFakeHub } from './fake-peers.ts';
import { aNode, type ScriptedAgent, scriptedAgent } from './scripted-agent.ts';

const CATALOGUE_FILE = fileURLToPath(new URL('../../../../deploy/catalogue/compute.yaml', import.meta.url));

export const LEASE_MS = 1_000;
export const LEASE_MARGIN_MS = 200;

/** As in production, only faster. */
export const fastPolicy: Policy = {
  ...defaultPolicy,
  tickMs: 50,
  minTickMs: 5,
  syncIntervalMs: 50,
  fundsRetryMs: 200,
  extendRetryMs: 100,
  attempt: { usageWindowMs: 5_000, requeueBackoffMs: 10, maxRequeueBackoffMs: 100 },
};

export const alice: TenantPath = { accountId: 'acc_alice', workspaceId: 'wsp_a', principalId: 'usr_alice' };
export const bob: TenantPath = { accountId: 'acc_bob', workspaceId: 'wsp_b', principalId: 'usr_bob' };

export function aSpec(fields: Partial<JobSpec> = {}): JobSpec {
  return JobSpec.fromPartial({
    name: 'train',
    command: ['node', 'train.mjs'],
    taskCount: 1,
    milliGpus: 1000,
    milliCpus: 500,
    memoryBytes: 1_073_741_824n,
    maxRunSeconds: 3_600,
    maxRequeues: 2,
    graceSeconds: 1,
    ...fields,
  });
}

/** One replica of the scheduler between real servers and stand-ins for its peers, with what a test needs to use it. */
export async function startPlatform(options: { policy?: Policy; replicas?: number } = {}) {
  await using boot = new AsyncDisposableStack();
  const database = boot.use(await testDatabase({ service: 'scheduler', migrationsFolder: MIGRATIONS_FOLDER }));
  const bus = boot.use(await testBus('scheduler-test'));
  const tls = boot.use(await testTls());
  const tokens = boot.use(await testTokens());
  const billing = boot.use(await startFakeBilling(tls));
  const gateway = boot.use(await startFakeGateway(tls));
  const hub = boot.use(await startFakeHub(tls));
  const files = await tls.issueFiles('scheduler');

  async function startReplica(name: string): Promise<Scheduler> {
    const config = schedulerEnv.parse({
      ...{
        DATABASE_URL: database.url,
        NATS_URL: bus.url,
        NATS_USER: bus.user,
        NATS_PASSWORD: bus.password,
        JWKS_URL: tokens.jwksUrl,
      },
      ...{
        TLS_CA_FILE: files.caFile,
        TLS_CERT_FILE: files.certFile,
        TLS_KEY_FILE: files.keyFile,
        REPLICA_ID: name,
        CATALOGUE_FILE,
      },
      ...{ GRPC_INTERNAL_ADDRESS: '127.0.0.1:0', GRPC_PARTNER_ADDRESS: '127.0.0.1:0', OPS_ADDRESS: '127.0.0.1:0' },
      ...{ BILLING_ADDRESS: billing.address, GATEWAY_ADDRESS: gateway.address, MODEL_HUB_ADDRESS: hub.address },
      MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
      ...{ LEASE_MS: String(LEASE_MS), LEASE_MARGIN_MS: String(LEASE_MARGIN_MS) },
    });
    const policy = options.policy ?? fastPolicy;
    const scheduler = await createScheduler(config, { logger: silentLogger, policy, leadershipLeaseMs: 600 });
    await scheduler.start();
    return scheduler;
  }

  const replicas: Scheduler[] = [];
  for (let at = 0; at < (options.replicas ?? 1); at++) replicas.push(boot.use(await startReplica(`replica-${at}`)));
  const addressOf = (at: number) => replicas[at]?.addresses.partner ?? '';
  const jobs = boot.use(createGrpcClient(JobServiceClient, { address: addressOf(0), defaultDeadlineMs: 10_000 }));
  const compute = boot.use(
    createGrpcClient(ComputeServiceClient, { address: addressOf(0), defaultDeadlineMs: 10_000 }),
  );
  const { ca, cert, key } = await tls.issue('workflow');
  const workloads = boot.use(
    createGrpcClient(WorkloadServiceClient, {
      address: replicas[0]?.addresses.internal ?? '',
      tls: { ca: Buffer.from(ca), cert: Buffer.from(cert), key: Buffer.from(key) },
      peer: 'scheduler',
      defaultDeadlineMs: 10_000,
    }),
  );
  const tokenOf = (tenant: TenantPath) => tokens.mint({ tenant });
  let requests = 0;

  async function submit(spec: Partial<JobSpec> = {}, tenant = alice): Promise<string> {
    requests += 1;
    const request = { requestId: `request-${requests}`, spec: aSpec(spec) };
    const { job } = await jobs.createJob(request, { token: await tokenOf(tenant) });
    return job?.jobId ?? '';
  }

  async function read(jobId: string, tenant = alice): Promise<Job> {
    const { job } = await jobs.getJob({ jobId }, { token: await tokenOf(tenant) });
    if (job === undefined) throw new Error('no job in the answer');
    return job;
  }

  const until = (jobId: string, isTrue: (job: Job) => boolean, tenant = alice): Promise<Job> =>
    eventually(async () => {
      const job = await read(jobId, tenant);
      if (!isTrue(job)) throw new Error(`${job.phase} ${job.reason?.code} ${JSON.stringify(job.reason?.details)}`);
      return job;
    });

  const clients = replicas.map((replica) =>
    boot.use(
      createGrpcClient(JobServiceClient, { address: replica.addresses.partner ?? '', defaultDeadlineMs: 10_000 }),
    ),
  );
  const clientOf = (at: number) => clients[at] ?? jobs;
  const one = async <T extends Record<string, unknown>>(query: ReturnType<typeof sql>) => {
    const [row] = (await database.db.execute<T>(query)).rows;
    if (row === undefined) throw new Error('no row');
    return row;
  };

  /** What the tests look at behind the public door. */
  const inspect = {
    async stock(region: string) {
      return (await compute.listSkus({ region }, { token: await tokenOf(alice) })).skus[0];
    },
    async usageOf(jobId: string): Promise<Record<string, unknown>[]> {
      const rows = await database.db
        .select()
        .from(outbox)
        .where(eq(outbox.aggregateId, jobId))
        .orderBy(asc(outbox.position));
      const usage = rows.filter((row) => row.subject === 'suanli.scheduler.usage.recorded.v1');
      return usage.map((row) => row.payload as Record<string, unknown>);
    },
    async subjects(noun: string): Promise<string[]> {
      const rows = await database.db.select({ subject: outbox.subject }).from(outbox);
      return [...new Set(rows.map((row) => row.subject))].filter((subject) => subject.includes(`.${noun}.`));
    },
    async taskOf(jobId: string) {
      const row = await one<{ run_ms: string }>(
        sql`select run_ms::text from tasks where workload_id = ${jobId} order by epoch desc limit 1`,
      );
      return { runMs: Number(row.run_ms) };
    },
    countIn: async (phase: string) =>
      (await one<{ n: number }>(sql`select count(*)::int as n from workloads where phase = ${phase}`)).n,
    fencedCount: async (jobId: string) =>
      (await one<{ n: number }>(sql`select count(fenced_at)::int as n from attempts where workload_id = ${jobId}`)).n,
    reservedCount: async () =>
      (await one<{ n: number }>(sql`select count(*)::int as n from attempts where phase = 'reserved'`)).n,
    leader: async () =>
      (await one<{ holder: string }>(sql`select holder from leadership where name = 'control'`)).holder,
    /** A job that was accepted before billing went away. */
    async insertPending(): Promise<string> {
      const { clusters, workloads: store } = postgresStores(database.db);
      const now = await clusters.now();
      const id = systemIds.next('job');
      await store.insert(
        aWorkload({
          id,
          tenant: alice,
          phase: 'pending',
          reason: reason('queued'),
          epoch: 0,
          createdAt: now,
          eligibleAt: now,
        }),
      );
      return id;
    },
    async cancel(jobId: string): Promise<void> {
      await jobs.cancelJob({ jobId, requestId: `cancel-${jobId}` }, { token: await tokenOf(alice) });
    },
  };

  const owned = boot.move();
  return {
    ...{
      database,
      db: database.db,
      bus,
      billing,
      gateway,
      jobs,
      compute,
      workloads,
      tokens,
      replicas,
      startReplica,
      tokenOf,
      submit,
      read,
      until,
      clientOf,
      ...inspect,
    },
    shanghai: (): ScriptedAgent => scriptedAgent(bus, 'cn-shanghai', { nodes: [aNode('sh-1', 'A100-80G', 4)] }),
    hefei: (): ScriptedAgent =>
      scriptedAgent(bus, 'cn-hefei', { nodes: [aNode('hf-1', 'L40S-48G', 2), aNode('hf-2', 'L40S-48G', 2)] }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

export type Platform = Awaited<ReturnType<typeof startPlatform>>;
