import pg from 'pg';
import type { TestProject } from 'vitest/node';
import type {} from './provided.ts';
import { startTestInfra } from './servers/test-infra.ts';

/** vitest's globalSetup: one set of servers per run, for all projects that ask for it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const startedAtMs = performance.now();
  const infra = await startTestInfra();
  const tookMs = Math.round(performance.now() - startedAtMs);
  process.stderr.write(`test servers (${infra.summary}) ready in ${tookMs} ms\n`);
  await createCounters(infra.pgAdminUrl);
  project.provide('pgAdminUrl', infra.pgAdminUrl);
  project.provide('natsUrl', infra.natsUrl);
  project.provide('redisUrl', infra.redisUrl);
  return async () => infra[Symbol.asyncDispose]();
}

/** Numbers for what tests share out among themselves over all worker processes. */
async function createCounters(adminUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    await client.query('create sequence if not exists test_databases minvalue 0 start 0');
    await client.query('create sequence if not exists test_buses minvalue 0 start 0');
  } finally {
    await client.end();
  }
}
