import { createGrpcClient, readGrpcError } from '@suanli/grpc-kit';
import { JobKeyServiceClient } from '@suanli/proto/suanli/gateway/internal/v1/gateway.ts';
import { eventually } from '@suanli/test-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Gateway } from '../src/service.ts';
import { gatewayLab, type Lab, type Tenant } from './support/gateway-lab.ts';

let lab: Lab;
let other: Gateway;
let acme: Tenant;
beforeAll(async () => {
  lab = await gatewayLab();
  other = await lab.startReplica();
  acme = await lab.openAccount();
});
afterAll(() => lab[Symbol.asyncDispose]());

const newKey = async () =>
  (await acme.rest.post('/v1/api-keys', { name: 'to revoke' })).body as { id: string; secret: string };

describe('a revoked key', () => {
  it('is refused from the answer on, also at a replica that has it cached', async () => {
    const { id, secret } = await newKey();
    const [here, there] = [lab.client(lab.gateway, secret), lab.client(other, secret)];
    expect([(await here.get('/v1/me')).status, (await there.get('/v1/me')).status]).toEqual([200, 200]);
    expect((await acme.rest.delete(`/v1/api-keys/${id}`)).body).toHaveProperty('revoked_at');
    expect((await here.get('/v1/me')).status).toBe(401);
    // Far sooner than a cached key is looked up again by itself.
    await eventually(async () => expect((await there.get('/v1/me')).status).toBe(401), { timeoutMs: 2_500 });
  });

  it('stays revoked, and a second revocation changes nothing', async () => {
    const { id } = await newKey();
    const first = await acme.rest.delete(`/v1/api-keys/${id}`);
    const second = await acme.rest.delete(`/v1/api-keys/${id}`);
    expect(second.body).toEqual(first.body);
  });

  it('is told apart from an unknown or missing one by nobody', async () => {
    const { id, secret } = await newKey();
    await acme.rest.delete(`/v1/api-keys/${id}`);
    const answers = await Promise.all(
      [secret, `sk_${'x'.repeat(43)}`, 'nonsense'].map((key) => lab.client(lab.gateway, key).get('/v1/me')),
    );
    const bare = await fetch(`${lab.gateway.addresses.http}/v1/me`);
    const bodies = [...answers.map(({ body }) => body), await bare.json()] as Record<string, unknown>[];
    for (const { code, status, detail } of bodies) {
      expect([code, status, detail]).toEqual(['invalid_api_key', 401, 'The API key is not valid']);
    }
  });
});

describe('the key of a job', () => {
  const connect = async (service: string) => {
    const { ca, cert, key } = await lab.tls.issue(service);
    const tls = { ca: Buffer.from(ca), cert: Buffer.from(cert), key: Buffer.from(key) };
    return createGrpcClient(JobKeyServiceClient, {
      address: lab.gateway.addresses.internal,
      tls,
      peer: 'gateway',
      defaultDeadlineMs: 5_000,
    });
  };
  const request = (jobId: string) => ({
    tenant: { accountId: acme.accountId, subAccountId: '', workspaceId: acme.workspaceId, principalId: acme.keyId },
    jobId,
    epoch: 1,
    expiresAt: new Date(Date.now() + 60_000),
  });

  it('reads and writes the hub and calls models, and nothing else', async () => {
    await using scheduler = await connect('scheduler');
    const { key } = await scheduler.issueJobKey(request('job_scopes'));
    expect(key).toMatch(/^sjk_/);
    const job = lab.client(lab.gateway, key);
    expect((await job.get('/v1/jobs')).body).toMatchObject({ code: 'scope_missing' });
    expect((await job.get('/v1/wallet')).body).toMatchObject({ code: 'scope_missing' });
    // Past the door: the hub of this lab answers nothing.
    expect((await job.get('/v1/repositories')).status).toBe(503);
  });

  it('is replaced when it is asked for again, and dies with its attempt', async () => {
    await using scheduler = await connect('scheduler');
    const first = await scheduler.issueJobKey(request('job_again'));
    const second = await scheduler.issueJobKey(request('job_again'));
    const status = async (key: string) => (await lab.client(lab.gateway, key).get('/v1/repositories')).status;
    expect([await status(first.key), await status(second.key)]).toEqual([401, 503]);
    await scheduler.revokeJobKey({ jobId: 'job_again', epoch: 1 });
    expect(await status(second.key)).toBe(401);
    await scheduler.revokeJobKey({ jobId: 'job_again', epoch: 1 });
  });

  it('asked for many times at once leaves one that works', async () => {
    await using scheduler = await connect('scheduler');
    const keys = await Promise.all(Array.from({ length: 8 }, () => scheduler.issueJobKey(request('job_many'))));
    const statuses = await Promise.all(keys.map(({ key }) => lab.client(lab.gateway, key).get('/v1/repositories')));
    expect(statuses.filter(({ status }) => status !== 401)).toHaveLength(1);
  });

  it('is issued to the scheduler alone, and for workspaces that exist', async () => {
    await using workflow = await connect('workflow');
    const forbidden = await workflow.issueJobKey(request('job_x')).catch(readGrpcError);
    expect(forbidden).toMatchObject({ reason: 'PEER_FORBIDDEN' });
    await using scheduler = await connect('scheduler');
    const tenant = { ...request('job_x').tenant, workspaceId: 'wsp_unknown' };
    const missing = await scheduler.issueJobKey({ ...request('job_x'), tenant }).catch(readGrpcError);
    expect(missing).toMatchObject({ reason: 'WORKSPACE_NOT_FOUND' });
  });
});
