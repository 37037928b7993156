import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@suanli/local-servers';
import { eventually } from '@suanli/test-kit';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBackingServers } from '../src/platform/backing-servers.ts';
import type { ProcessSpec } from '../src/platform/constellation.ts';
import { keepProcess, untilProcessReady } from '../src/platform/processes.ts';
import { openSecrets } from '../src/platform/secrets.ts';
import { silentProgress } from '../src/progress.ts';

const RECOVERY_MS = 20_000;
const START_TIMEOUT_MS = 120_000;

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'suanli-platform-'));
});
afterAll(async () => {
  await rm(dir, { recursive: true, force: true });
});

describe('a process of the platform', () => {
  it('is ready again after it was killed, and stops in order when told', async () => {
    const spec = await fixture({});
    const kept = await keepProcess(spec, { dir, progress: silentProgress, onChange: () => {} });
    await untilProcessReady(spec, kept);
    const first = kept.pid();
    await kept.kill('SIGKILL');
    await eventually(async () => expect([undefined, first]).not.toContain(kept.pid()));
    await untilProcessReady(spec, kept);
    await kept[Symbol.asyncDispose]();
    expect(await readFile(join(dir, 'logs/billing.log'), 'utf8')).toContain('stopped in order');
  });

  it('that refuses its configuration fails the start with its own words', async () => {
    const spec = await fixture({ OPS_ADDRESS: '' });
    await using kept = await keepProcess(spec, { dir, progress: silentProgress, onChange: () => {} });
    await expect(untilProcessReady(spec, kept)).rejects.toThrow(/exit code 78\n[^]*OPS_ADDRESS is missing/);
  });
});

it('backing servers come back on their ports with their data after a kill', { timeout: START_TIMEOUT_MS }, async () => {
  await using owned = new AsyncDisposableStack();
  const secrets = await openSecrets(join(dir, 'secrets.json'));
  const options = { dir, given: {}, durability: 'on', secrets, progress: silentProgress, onChange: () => {} } as const;
  const { postgres, redis, nats } = await startBackingServers(options, owned);
  await query(postgres.url, 'create table kept as select 7 as seven');
  for (const server of [postgres, redis, nats]) {
    const before = server.pid();
    await server.kill('SIGKILL');
    await eventually(async () => expect([undefined, before]).not.toContain(server.pid()), { timeoutMs: RECOVERY_MS });
  }
  expect(await query(postgres.url, 'select seven from kept')).toEqual([{ seven: 7 }]);
});

async function fixture(env: Record<string, string>): Promise<ProcessSpec> {
  const opsAddress = `127.0.0.1:${await freePort()}`;
  const entry = join(import.meta.dirname, 'fixtures/service.ts');
  return { name: 'billing', entry, env: { OPS_ADDRESS: opsAddress, ...env }, opsAddress };
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
