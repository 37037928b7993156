import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createApi } from '@suanli/tools/smoke/rest/api';
import type { Job } from '@suanli/tools/smoke/rest/views';
import { readLog } from '@suanli/tools/smoke/steps/read-log';
import { watchJob } from '@suanli/tools/smoke/steps/watch-jobs';
import { eventually } from '@suanli/test-kit';
import { beforeAll, describe, expect, it } from 'vitest';
import { platform, platformSecrets } from '../support/platform.ts';
import { openTenant, type Tenant, YUAN } from '../support/tenants.ts';

type Loot = {
  uid: number;
  environment: string[];
  processes: number;
  files: string[];
  hashes: string[];
  reached: number;
  writable: string[];
  hub: number;
  wallet: number;
  key: string;
};

const LIMIT_MS = 60_000;

describe("a task that looks for what is not its tenant's", () => {
  let tenant: Tenant;
  let loot: Loot;
  beforeAll(async () => {
    tenant = await openTenant('burglar', 10n * YUAN);
    loot = await burgle(tenant);
  }, LIMIT_MS);

  it('finds no password, no key and no file of the platform', async () => {
    const { databases, postgresUrl, redisUrl, operatorKey } = await platform();
    const passwords = [...Object.values(databases), postgresUrl, redisUrl].map((url) => new URL(url).password);
    const secrets = [...Object.values(await platformSecrets()), ...passwords, operatorKey, tenant.api.target.apiKey];
    const hashes = new Set(loot.hashes);
    expect(secrets.filter((secret) => secret !== '' && hashes.has(sha256(secret)))).toEqual([]);
    expect(loot.files.filter((path) => /^\/(work|etc|tmp|opt|run)\//.test(path) === false)).toEqual([]);
    // Its own key it does find: the search works.
    expect(hashes.has(sha256(loot.key))).toBe(true);
  });

  it('sees its own processes and environment alone', () => {
    expect(loot.uid).toBe(1000);
    expect(loot.processes).toBeLessThan(5);
    expect(loot.environment).toEqual(
      expect.arrayContaining(['SUANLI_API_KEY', 'SUANLI_API_SOCKET', 'SUANLI_EPOCH', 'SUANLI_JOB_ID', 'SUANLI_REGION']),
    );
    expect(loot.environment.filter((name) => /DATABASE|NATS|REDIS|MASTER|TLS|NPM|CREDENTIAL/i.test(name))).toEqual([]);
  });

  it('has no network: neither server nor service can be reached from it', () => {
    expect(loot.reached).toBe(0);
  });

  it('writes nowhere but in its own directories', () => {
    expect(loot.writable).toEqual([]);
  });

  it('reaches the hub through its socket, and not the money', () => {
    expect([loot.hub, loot.wallet]).toEqual([200, 403]);
  });

  it('leaves behind a key that opens nothing any more', async () => {
    const late = createApi({ ...tenant.api.target, apiKey: loot.key }, 0);
    await eventually(async () => expect((await late.send('GET', '/v1/repositories')).status).toBe(401));
  });
});

async function burgle({ api }: Tenant): Promise<Loot> {
  const { url, natsUrl, postgresUrl, redisUrl, ops, grpc, internalGrpc } = await platform();
  const servers = [url, natsUrl, postgresUrl, redisUrl].map((each) => new URL(each).port);
  const listeners = [ops, grpc, internalGrpc]
    .flatMap((each) => Object.values(each))
    .map((at) => at.split(':')[1] ?? '');
  const program = await readFile(join(import.meta.dirname, 'programs/burglar.mjs'), 'utf8');
  const { id } = await api.post<Job>('/v1/jobs', {
    name: 'burglar',
    command: ['node', '--input-type=module', '--eval', program, ...servers, ...listeners],
    milli_gpus: 100,
    milli_cpus: 500,
    max_run_seconds: 60,
  });
  const { job } = await watchJob(api, id, { signal: AbortSignal.timeout(LIMIT_MS) });
  const log = await readLog(api, id);
  expect([job.phase, log]).toEqual(['succeeded', expect.stringMatching(/^\{.*\}\n$/)]);
  return JSON.parse(log) as Loot;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
