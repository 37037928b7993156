import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createGrpcClient, type GrpcClient } from '@suanli/grpc-kit';
import type { TenantPath } from '@suanli/kernel';
import { systemIds } from '@suanli/kernel';
import type { Database } from '@suanli/postgres';
import * as wire from '@suanli/proto/suanli/workflow/v1/workflow.ts';
import {
  eventually,
  redisUrl,
  silentLogger,
  testBus,
  type TestBus,
  testDatabase,
  testTls,
  testTokens,
  type TokenRequest,
} from '@suanli/test-kit';
import { expect } from 'vitest';
import { migrationsFolder } from '../../src/adapters/postgres/migrations-folder.ts';
import { workflowEnv } from '../../src/config.ts';
import { createWorkflow, type Workflow } from '../../src/service.ts';
import { type FakePlatform, fakePlatform } from './fake-platform.ts';

export const ALICE: TenantPath = { accountId: 'acc_alice', workspaceId: 'wsp_alice', principalId: 'usr_alice' };
export const BOB: TenantPath = { accountId: 'acc_bob', workspaceId: 'wsp_bob', principalId: 'usr_bob' };

type Definitions = GrpcClient<(typeof wire.DefinitionServiceClient)['service']>;
type Runs = GrpcClient<(typeof wire.RunServiceClient)['service']>;
type Tasks = GrpcClient<(typeof wire.HumanTaskServiceClient)['service']>;

/** One tenant's way in, with every call's token made on the way. */
export type Caller = {
  definitions: Definitions;
  runs: Runs;
  tasks: Tasks;
  token: string;
  /** Creates a definition and starts a run of it. */
  begin(source: string, input: object, review?: string): Promise<wire.Run>;
  /** The run, once it has one of these statuses. */
  reach(runId: string, ...statuses: string[]): Promise<wire.Run>;
  steps(runId: string, includeSuperseded?: boolean): Promise<wire.Step[]>;
  openTask(runId: string): Promise<wire.HumanTask>;
  decide(task: wire.HumanTask, action: string, more?: { output?: unknown; comment?: string }): Promise<wire.HumanTask>;
  intervene(
    step: wire.Step,
    action: string,
    more?: { output?: unknown; comment?: string },
  ): Promise<wire.InterveneStepResponse>;
};

export type UnderTest = AsyncDisposable & {
  platform: FakePlatform;
  db: Database;
  bus: TestBus;
  service: Workflow;
  alice: Caller;
  /** Another replica of the service, on the same database, bus and queue. */
  replica(overrides?: Record<string, string>): Promise<Workflow>;
  /** A replica as a process of its own, which `kill` ends at once, as a power cut would. */
  process(overrides?: Record<string, string>): Promise<{ kill(): void } & AsyncDisposable>;
  caller(service: Workflow, token: Partial<TokenRequest>): Promise<Caller>;
};

const WAIT_MS = 20_000;
const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** The whole service against real PostgreSQL, NATS and Redis; only the other services are stand-ins. */
export async function workflowUnderTest(overrides: Record<string, string> = {}): Promise<UnderTest> {
  await using boot = new AsyncDisposableStack();
  const tls = boot.use(await testTls());
  const platform = boot.use(await fakePlatform(tls));
  const tokens = boot.use(await testTokens());
  const database = boot.use(await testDatabase({ service: 'workflow', migrationsFolder }));
  const bus = boot.use(await testBus());
  const files = await tls.issueFiles('workflow');
  const clientTls = await tls.issue('gateway');
  const streamOf = (name: string) => ({
    name,
    subjects: [`suanli.${name}.>`],
    maxAgeMs: 3_600_000,
    discard: 'old' as const,
  });
  await bus.ensureStream(streamOf('billing'));
  await bus.ensureStream(streamOf('scheduler'));
  const services = boot.use(new AsyncDisposableStack());
  let replicas = 0;

  const environment = (more: Record<string, string>) => {
    replicas += 1;
    return {
      LOG_LEVEL: 'silent',
      REPLICA_ID: `replica-${replicas}`,
      DATABASE_URL: database.url,
      NATS_URL: bus.url,
      NATS_USER: bus.user,
      NATS_PASSWORD: bus.password,
      REDIS_URL: redisUrl(),
      GRPC_INTERNAL_ADDRESS: '127.0.0.1:0',
      GRPC_PARTNER_ADDRESS: '127.0.0.1:0',
      OPS_ADDRESS: '127.0.0.1:0',
      JWKS_URL: tokens.jwksUrl,
      TLS_CA_FILE: files.caFile,
      TLS_CERT_FILE: files.certFile,
      TLS_KEY_FILE: files.keyFile,
      GATEWAY_ADDRESS: platform.addresses.gateway,
      SCHEDULER_ADDRESS: platform.addresses.scheduler,
      MODEL_HUB_ADDRESS: platform.addresses.modelHub,
      RECONCILE_MS: '100',
      ...overrides,
      ...more,
    };
  };
  const replica = async (more: Record<string, string> = {}) => {
    const config = workflowEnv.parse(environment(more));
    const service = services.use(await createWorkflow(config, { logger: silentLogger }));
    await service.start();
    return service;
  };
  const startProcess = async (more: Record<string, string> = {}) => {
    const child = spawn(process.execPath, [MAIN], {
      env: { ...environment(more), LOG_LEVEL: 'info' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    await eventually(() => expect(said).toContain('"started"'), { timeoutMs: WAIT_MS });
    const kill = () => void child.kill('SIGKILL');
    return {
      kill,
      [Symbol.asyncDispose]: async () => {
        kill();
        await exited;
      },
    };
  };
  const caller = async (service: Workflow, token: Partial<TokenRequest>) => {
    const address = service.addresses.internal;
    const options = { address, tls: clientTls, peer: 'workflow', defaultDeadlineMs: 15_000 };
    return callerOf(
      services.use(createGrpcClient(wire.DefinitionServiceClient, options)),
      services.use(createGrpcClient(wire.RunServiceClient, options)),
      services.use(createGrpcClient(wire.HumanTaskServiceClient, options)),
      await tokens.mint({ tenant: ALICE, ...token }),
    );
  };
  const service = await replica();
  const alice = await caller(service, {});
  const owned = boot.move();
  return {
    ...{ platform, bus, service, alice, replica, caller, process: startProcess, db: database.db },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function callerOf(definitions: Definitions, runs: Runs, tasks: Tasks, token: string): Caller {
  const json = (value: unknown) => (value === undefined ? '' : JSON.stringify(value));
  const newId = () => systemIds.next('req');
  const self: Caller = {
    ...{ definitions, runs, tasks, token },
    async begin(source, input, review = '') {
      const { definition } = await definitions.createDefinition({ requestId: newId(), source }, { token });
      const definitionId = definition?.definitionId ?? '';
      const { run } = await runs.createRun(
        { requestId: newId(), definitionId, inputJson: json(input), review },
        { token },
      );
      if (run === undefined) throw new Error('no run was given back');
      return run;
    },
    reach: (runId, ...statuses) =>
      eventually(
        async () => {
          const { run } = await runs.getRun({ runId }, { token });
          if (run && statuses.includes(run.status)) return run;
          throw new Error(`the run is ${run?.status}: ${run?.reason?.message ?? ''}`);
        },
        { timeoutMs: WAIT_MS },
      ),
    async steps(runId, includeSuperseded = false) {
      return (await runs.listSteps({ runId, includeSuperseded, page: { limit: 200, cursor: '' } }, { token })).steps;
    },
    openTask: (runId) =>
      eventually(
        async () => {
          const { humanTasks } = await tasks.listHumanTasks({ status: 'open', runId }, { token });
          if (humanTasks[0]) return humanTasks[0];
          const { run } = await runs.getRun({ runId }, { token });
          throw new Error(`nobody is asked, the run is ${run?.status}: ${run?.reason?.message ?? ''}`);
        },
        { timeoutMs: WAIT_MS },
      ),
    async decide({ humanTaskId }, action, { output, comment = '' } = {}) {
      const request = { requestId: newId(), humanTaskId, action, outputJson: json(output), comment };
      const { humanTask } = await tasks.decideHumanTask(request, { token });
      if (humanTask === undefined) throw new Error('no task was given back');
      return humanTask;
    },
    intervene: ({ runId, stepId }, action, { output, comment = '' } = {}) =>
      runs.interveneStep(
        { requestId: newId(), runId, stepId, action, outputJson: json(output), comment, expectedRevision: 0 },
        { token },
      ),
  };
  return self;
}
