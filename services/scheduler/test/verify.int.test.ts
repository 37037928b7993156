import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { eventually, testDatabase } from '@suanli/test-kit';
import { sql } from 'drizzle-orm';
import { expect, it } from 'vitest';
import { type LiveAttemptPage, readLiveAttempts } from '../src/adapters/postgres/audit/live-attempts.ts';
import { MIGRATIONS_FOLDER } from '../src/adapters/postgres/migrations-folder.ts';
import { startPlatform } from './support/platform.ts';

const VERIFY = fileURLToPath(new URL('../src/verify.ts', import.meta.url));

it('tells every attempt that money may be held for, page by page, and no other', async () => {
  await using database = await testDatabase({ service: 'scheduler', migrationsFolder: MIGRATIONS_FOLDER });
  const { db } = database;
  const phases = ['reserved', 'starting', 'running', 'stopping', 'succeeded', 'cancelled', 'lost'];
  for (const [at, phase] of phases.entries()) {
    const holdId = phase === 'reserved' ? null : `hld_${at}`;
    await db.execute(sql`
      insert into attempts (workload_id, epoch, region, cluster_id, sku, phase, price_meter, price_id, price_amount_micros,
        price_per_quantity, hold_id, hold_micros, hold_expires_at, funded_until, extend_at, reserved_at)
      values (${`job_${at}`}, 1, 'r', 'c', 's', ${phase}, 'gpu_time', 'p', 1, 1, ${holdId}, 1, now(), now(), now(), now())`);
  }
  await db.execute(sql`
    insert into chores (id, kind, workload_id, epoch, due_at) values
      ('1', 'close_hold', 'job_4', 1, now()), ('2', 'abandon_hold', 'job_5', 1, now()), ('3', 'revoke_key', 'job_6', 1, now())`);
  const pages: LiveAttemptPage[] = [];
  const { total } = await readLiveAttempts(db, 2, (page) => void pages.push(page));
  expect(pages.map((page) => page.attempts.length)).toEqual([2, 2, 2]);
  expect(total).toBe(6);
  expect(pages.flatMap((page) => page.attempts.map(({ workloadId, phase }) => [workloadId, phase]))).toEqual([
    ['job_0', 'reserved'],
    ['job_1', 'starting'],
    ['job_2', 'running'],
    ['job_3', 'stopping'],
    ['job_4', 'ended'],
    ['job_5', 'ended'],
  ]);
  expect(pages[0]?.attempts[0]?.holdId).toBeNull();
});

it('by its own process: a running job with its hold, and nothing once it has ended and is paid', async () => {
  await using platform = await startPlatform();
  const agent = platform.hefei();
  await using _alive = agent.alive();
  const print = async () => {
    const env = { DATABASE_URL: platform.database.url, PATH: process.env['PATH'] };
    const { stdout } = await promisify(execFile)(process.execPath, [VERIFY], { env });
    return stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
  };
  await eventually(async () => (await platform.stock('cn-hefei'))?.freeMilliGpus === 4000n);
  const jobId = await platform.submit();
  const { attempts } = await platform.until(jobId, (job) => job.phase === 'running');
  const asOf = expect.stringMatching(/Z$/);
  const attempt = { workloadId: jobId, epoch: 1, phase: 'running', holdId: attempts[0]?.holdId };
  expect(await print()).toEqual([
    { asOf, attempts: [attempt] },
    { asOf, total: 1 },
  ]);
  agent.run(jobId, 1_000);
  agent.exit(jobId, 0);
  await eventually(async () => expect(await print()).toEqual([{ asOf, total: 0 }]), { timeoutMs: 15_000 });
});
