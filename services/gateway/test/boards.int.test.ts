import { RechargeDetail } from '@suanli/proto/suanli/billing/v1/recharge.ts';
import { failedPrecondition, invalidArgument, notFound, refuse } from '@suanli/grpc-kit';
import type { CallContext } from '@suanli/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gatewayLab, type Lab, type Tenant } from './support/gateway-lab.ts';
import { aJob, aRun, aWallet } from './support/samples.ts';

let lab: Lab;
let acme: Tenant;
const seen: { ctx: CallContext; request: Record<string, unknown> }[] = [];
const keep = (ctx: CallContext, request: object) =>
  void seen.push({ ctx, request: request as Record<string, unknown> });

beforeAll(async () => {
  lab = await gatewayLab({
    answers: {
      wallet: {
        getWallet: async (ctx, request: object) => {
          keep(ctx, request);
          return { wallet: aWallet({ accountId: ctx.tenant.accountId }) };
        },
        listHolds: async () => ({ holds: [], page: { hasMore: true, nextCursor: 'opaque==' } }),
      },
      recharges: {
        createRecharge: async (ctx, request: { amountMicros: bigint }) => {
          keep(ctx, request);
          const recharge = {
            ...RechargeDetail.create({ rechargeId: 'rch_1', channel: 'development', status: 'succeeded' }),
            amountMicros: request.amountMicros,
            currency: 'CNY',
          };
          return { recharge, wallet: aWallet() };
        },
      },
      jobs: {
        createJob: async (ctx, request: { spec: { name: string } }) => {
          keep(ctx, request);
          if (request.spec.name === 'impossible') {
            return refuse(
              failedPrecondition('JOB_IMPOSSIBLE', 'no cluster could run it', { 'cn-hefei': 'no such SKU' }),
            );
          }
          return { job: aJob() };
        },
        listJobs: async (ctx, request: object) => {
          keep(ctx, request);
          return { jobs: [aJob()], page: { hasMore: false, nextCursor: '' } };
        },
        getJob: async () => refuse(notFound('JOB_NOT_FOUND', 'no such job')),
      },
      definitions: {
        createDefinition: async (ctx, request: { source: string }) => {
          keep(ctx, request);
          if (!request.source.includes('dsl')) {
            return refuse(invalidArgument('INVALID_DEFINITION', 'not a workflow', { '/document/dsl': 'is missing' }));
          }
          const parts = {
            namespace: 'test',
            name: 'article',
            version: '1.0.0',
            digest: 'sha256:0',
            documentJson: '{"do":[]}',
          };
          return { definition: { definitionId: 'def_1', ...parts } };
        },
      },
      runs: {
        createRun: async (ctx, request: object) => {
          keep(ctx, request);
          return { run: aRun() };
        },
      },
    },
  });
  acme = await lab.openAccount();
});
afterAll(() => lab[Symbol.asyncDispose]());

const last = () => seen.at(-1) as (typeof seen)[number];

describe('a call to a service', () => {
  it('carries who acts, verified by a token of minutes, and the id that follows the request', async () => {
    const answer = await acme.rest.get('/v1/wallet', { 'x-request-id': 'follow-me-1234' });
    const { ctx } = last();
    expect(ctx.tenant).toEqual({ accountId: acme.accountId, workspaceId: acme.workspaceId, principalId: acme.keyId });
    expect([ctx.role, ctx.scopes, ctx.correlationId]).toEqual(['owner', ['*'], 'follow-me-1234']);
    expect(answer.headers.get('x-request-id')).toBe('follow-me-1234');
  });

  it('is answered in snake_case, money as exact decimal strings with their currency', async () => {
    const { body } = await acme.rest.get('/v1/wallet');
    expect(body).toMatchObject({
      id: 'wal_1',
      posted_micros: '9007199254740993',
      available_micros: '9007199254740992',
      currency: 'CNY',
      created_at: '2026-01-01T00:00:00.000Z',
    });
  });

  it('takes money as a decimal string, exactly', async () => {
    const sent = { channel: 'development', amount_micros: '9223372036854775807' };
    const { status } = await acme.rest.post('/v1/recharges', sent);
    expect([status, last().request['amountMicros']]).toEqual([201, 9_223_372_036_854_775_807n]);
    expect(last().request['requestId']).toMatch(/^req_/);
  });

  it('passes a job on with its defaults filled in, and says why it waits', async () => {
    const { status, headers, body } = await acme.rest.post('/v1/jobs', {
      name: 'train',
      command: ['node', 'x'],
      milli_gpus: 250,
    });
    expect([status, headers.get('location')]).toEqual([202, '/v1/jobs/job_1']);
    expect(last().request['spec']).toMatchObject({
      taskCount: 1,
      milliGpus: 250,
      memoryBytes: 536_870_912n,
      onDisconnect: 'kill',
    });
    expect(body).toMatchObject({
      id: 'job_1',
      phase: 'pending',
      queue_position: 3,
      reason: { code: 'waiting_for_capacity' },
      spec: { memory_bytes: '1099511627776' },
    });
  });

  it('passes cursors and filters through', async () => {
    await acme.rest.get('/v1/jobs?limit=7&cursor=abc&phase=running&phase=pending');
    expect(last().request).toMatchObject({ page: { limit: 7, cursor: 'abc' }, phases: ['running', 'pending'] });
    const holds = await acme.rest.get('/v1/holds');
    expect(holds.body).toEqual({ data: [], has_more: true, next_cursor: 'opaque==' });
  });

  it('takes a workflow as YAML or as JSON', async () => {
    const yaml = await acme.rest.post('/v1/workflows', 'document:\n  dsl: 1.0.0\n', {
      'content-type': 'application/yaml',
    });
    expect([yaml.status, last().request['source']]).toEqual([201, 'document:\n  dsl: 1.0.0\n']);
    const json = await acme.rest.post('/v1/workflows', { document: { dsl: '1.0.0' } });
    expect([json.status, last().request['source']]).toEqual([201, '{"document":{"dsl":"1.0.0"}}']);
    expect(json.body).toMatchObject({ id: 'def_1', document: { do: [] } });
  });

  it('keeps JSON of customers as it is', async () => {
    const input = { camelCase: [1, 'two', null], deep: { snake_case: true } };
    const { status, body } = await acme.rest.post('/v1/runs', { workflow_id: 'def_1', input });
    expect([status, JSON.parse(String(last().request['inputJson']))]).toEqual([202, input]);
    expect(body).toMatchObject({ input: { topic: 'tea' }, cost_micros: '0' });
    expect(body).not.toHaveProperty('output');
  });
});

describe('a refusal of a service', () => {
  it('becomes a problem with its own code, its figures and where to read more', async () => {
    const answer = await acme.rest.post(
      '/v1/jobs',
      { name: 'impossible', command: ['x'] },
      { 'x-request-id': 'request-77' },
    );
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.body).toEqual({
      type: '/docs/errors#job_impossible',
      title: 'No cluster could ever run this job',
      status: 422,
      detail: 'no cluster could run it',
      instance: '/v1/jobs',
      code: 'job_impossible',
      request_id: 'request-77',
      retryable: false,
      details: { 'cn-hefei': 'no such SKU' },
    });
    const page = await fetch(`${lab.gateway.addresses.http}/docs/errors`);
    expect(await page.text()).toContain('id="job_impossible"');
  });

  it('names what is wrong in a workflow by JSON pointer', async () => {
    const answer = await acme.rest.post('/v1/workflows', { do: [] });
    expect([answer.status, answer.body]).toMatchObject([
      422,
      { code: 'invalid_definition', details: { '/document/dsl': 'is missing' } },
    ]);
  });

  it('is 404 for what another tenant has', async () => {
    const answer = await acme.rest.get('/v1/jobs/job_of_others');
    expect([answer.status, answer.body]).toMatchObject([404, { code: 'job_not_found' }]);
  });
});

describe('a service that is away', () => {
  it('is 503 with Retry-After in bounded time, and nobody else is the worse for it', async () => {
    const gateway = await lab.startReplica({ BILLING_ADDRESS: '127.0.0.1:1' });
    const rest = lab.client(gateway, acme.key);
    const startedMs = performance.now();
    const answer = await rest.get('/v1/wallet');
    expect([answer.status, answer.body]).toMatchObject([503, { code: 'service_unavailable', retryable: true }]);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(performance.now() - startedMs).toBeLessThan(5_000);
    const post = await rest.post('/v1/recharges', { channel: 'development', amount_micros: '1' });
    expect(post.status).toBe(503);
    expect((await rest.get('/v1/jobs')).status).toBe(200);
  });
});

describe('the audit log', () => {
  it('names every change, who tried it and how it ended', async () => {
    const tenant = await lab.openAccount('Audited');
    await tenant.rest.post('/v1/jobs', { name: 'train', command: ['x'] }, { 'x-request-id': 'audited-1' });
    await tenant.rest.post('/v1/jobs', { name: 'impossible', command: ['x'] });
    await tenant.rest.get('/v1/jobs');
    const { body } = await tenant.rest.get('/v1/audit-events');
    expect((body as { data: unknown[] }).data).toMatchObject([
      {
        action: 'job.create',
        result: 'refused',
        http_status: 422,
        problem_code: 'job_impossible',
        key_id: tenant.keyId,
      },
      {
        action: 'job.create',
        result: 'succeeded',
        http_status: 202,
        request_id: 'audited-1',
        resource: '/v1/jobs',
        ip: '127.0.0.1',
      },
    ]);
    expect((body as { data: unknown[] }).data).toHaveLength(2);
  });

  it('cannot be rewritten, not even by the service', async () => {
    const { $client } = lab.database.db;
    await expect($client.query("update audit_events set ip = 'x'")).rejects.toThrow('append-only');
    await expect($client.query("update audit_events set result = 'refused'")).rejects.toThrow('append-only');
    await expect($client.query('delete from audit_events')).rejects.toThrow('append-only');
  });

  it('keeps the operator’s changes apart', async () => {
    const { body } = await lab.operator.get('/v1/audit-events?limit=1');
    expect(body).toMatchObject({ data: [{ action: 'account.open', principal_id: 'operator', result: 'succeeded' }] });
  });
});
