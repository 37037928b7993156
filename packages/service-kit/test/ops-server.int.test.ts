import { createMetrics, createOpsServer, type ReadinessCheck } from '@suanli/service-kit';
import { silentLogger } from '@suanli/test-kit';
import { describe, expect, it } from 'vitest';

async function startOps(checks: Record<string, ReadinessCheck>) {
  const metrics = createMetrics('lab', { processMetrics: false });
  const ops = createOpsServer({ address: '127.0.0.1:0', checks, metrics, logger: silentLogger });
  const base = `http://127.0.0.1:${await ops.listen()}`;
  const get = async (path: string, init?: RequestInit) => {
    const response = await fetch(base + path, init);
    return { status: response.status, body: await response.text() };
  };
  return { ops, get, [Symbol.asyncDispose]: () => ops[Symbol.asyncDispose]() };
}

describe('the ops server', () => {
  it('is alive and ready when every check passes', async () => {
    await using lab = await startOps({ postgres: () => undefined, nats: async () => undefined });
    expect(await lab.get('/healthz')).toMatchObject({ status: 200 });
    expect(await lab.get('/readyz')).toEqual({ status: 200, body: '{"ready":true,"failing":[]}\n' });
  });

  it('names the checks that fail, not their secrets, and stays alive', async () => {
    const fail = () => {
      throw new Error('password hunter2 was refused');
    };
    await using lab = await startOps({
      postgres: fail,
      nats: () => undefined,
      redis: () => Promise.reject(new Error('gone')),
    });
    expect(await lab.get('/readyz')).toEqual({ status: 503, body: '{"ready":false,"failing":["postgres","redis"]}\n' });
    expect(await lab.get('/healthz')).toMatchObject({ status: 200 });
  });

  it('takes a check that does not answer for failed', async () => {
    await using lab = await startOps({ nats: () => new Promise(() => undefined) });
    expect(await lab.get('/readyz')).toEqual({ status: 503, body: '{"ready":false,"failing":["nats"]}\n' });
  });

  it('is no longer ready once it drains', async () => {
    await using lab = await startOps({});
    lab.ops.drain();
    expect(await lab.get('/readyz')).toMatchObject({ status: 503 });
  });

  it('shows metrics, and nothing else', async () => {
    await using lab = await startOps({});
    expect((await lab.get('/metrics')).body).toContain('suanli_grpc_server_seconds');
    expect((await lab.get('/')).status).toBe(404);
    expect((await lab.get('/healthz', { method: 'POST' })).status).toBe(405);
  });
});
