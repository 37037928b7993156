import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@suanli/kernel';
import { migrate } from '@suanli/postgres';
import { testDatabase } from '@suanli/test-kit';
import pg from 'pg';
import { expect, it } from 'vitest';
import { auditLedger } from '../src/adapters/postgres/audit-ledger.ts';
import { MIGRATIONS_FOLDER } from '../src/adapters/postgres/migrations-folder.ts';
import { postgresReads } from '../src/adapters/postgres/reads.ts';

/** The first release had these. */
const FIRST_RELEASE = 3;

/** A recharge, a hold with a charge, and a charge without one, as the first release wrote them. */
const ITS_ROWS = [
  `insert into accounts values ('wlt_1', 'wallet', 'CNY', now()), ('platform:clearing:development', 'clearing', 'CNY', now())`,
  `insert into wallets (id, account_id, currency, created_at) values ('wlt_1', 'acc_1', 'CNY', now())`,
  `insert into recharges values ('rch_1', 'wlt_1', 'acc_1', '', 'wsp_1', 'key_1', 'development', 1000, 'CNY', 'serial-1', now())`,
  `insert into prices values ('prc_1', 1, 'tokens_output', '', '*', 1, 1, 'CNY', '2026-01-01', '¥1')`,
  `insert into holds values ('hld_1', 'wlt_1', 'acc_1', '', 'wsp_1', 'key_1', 'active', 100, 30, 0, 'job', 'job_1', 1,
     now() + interval '1 hour', now() + interval '1 hour', null, null, 2, now())`,
  `insert into transfers (id, kind, code, from_account_id, to_account_id, amount_micros, hold_id, reference, created_at) values
     ('t1', 'post', 'recharge', 'platform:clearing:development', 'wlt_1', 1000, null, 'rch_1', now()),
     ('t2', 'pending', 'hold', 'wlt_1', 'platform:revenue', 100, 'hld_1', 'hld_1', now()),
     ('t3', 'post_pending', 'charge', 'wlt_1', 'platform:revenue', 30, 'hld_1', 'bil_1', now()),
     ('t4', 'post', 'charge', 'wlt_1', 'platform:revenue', 7, null, 'bil_2', now())`,
  ...['1', '2'].flatMap((n) => {
    const [quantity, hold] = n === '1' ? [30, 'hld_1'] : [7, ''];
    const tenant = `"tenant":{"accountId":"acc_1","workspaceId":"wsp_1","principalId":"key_1"}`;
    const readings = `"readings":[{"meter":"tokens_output","quantity":{"$bigint":"${quantity}"}}]`;
    const rest = `"source":{"kind":"inference","id":"req_${n}","epoch":0},"costKey":"","region":"","item":"m","isFinal":false`;
    const times = `"from":1767283200000,"to":1767283200000`;
    return [
      `insert into usage_events values ('use_${n}', 'acc_1', 'rated', null, 1, 1,
         '{"usageId":"use_${n}",${tenant},${readings},${rest},${times}}', now(), now())`,
      `insert into bill_lines values ('bil_${n}', 'acc_1', '', 'wsp_1', 'key_1', 'inference', 'req_${n}', 'tokens_output', '', 'm',
         ${quantity}, ${quantity}, 0, 'CNY', 'prc_1', 1, 1, 1, '${hold}', '2026-01-01T16:00Z', '2026-01-01T16:00Z', 1, now(), now())`,
      `insert into charges values ('chg_${n}', 'use_${n}', 'bil_${n}', 'tokens_output', ${quantity}, ${quantity},
         ${n === '1' ? '30, 0' : '0, 7'}, 0, null, now())`,
    ];
  }),
];

it('a database of the first release, with money in it, becomes one of today, and every promise holds', async () => {
  await using folder = await firstMigrations();
  await using database = await testDatabase({ service: 'billing', migrationsFolder: folder.path });
  const service = new pg.Client({ connectionString: database.url });
  await service.connect();
  try {
    for (const row of ITS_ROWS) await service.query(row);
  } finally {
    await service.end();
  }
  await migrate({ ownerUrl: database.ownerUrl, migrationsFolder: MIGRATIONS_FOLDER, service: 'billing' });
  const report = await auditLedger(database.db, systemClock.now());
  expect(report).toMatchObject({ driftMicros: '0', broken: {}, transfers: 4, charges: 2, recharges: 1 });
  const reads = postgresReads(database.db);
  expect(await reads.wallet('acc_1')).toMatchObject({ postedMicros: 963n, pendingMicros: 70n });
  expect(await reads.hold('hld_1')).toMatchObject({ scope: { product: 'job' } });
  const { rows } = await database.db.$client.query('select status, received_micros from recharges');
  expect(rows).toEqual([{ status: 'succeeded', received_micros: '1000' }]);
  // 16:00 UTC on New Year's Day is the second of January where bills are counted.
  const { rows: days } = await database.db.$client.query('select day, fact_id from charges order by id');
  expect(days).toEqual([
    { day: '2026-01-02', fact_id: 'use_1' },
    { day: '2026-01-02', fact_id: 'use_2' },
  ]);
});

async function firstMigrations(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'suanli-first-migrations-'));
  await cp(MIGRATIONS_FOLDER, path, { recursive: true });
  const file = join(path, 'meta/_journal.json');
  const journal = JSON.parse(await readFile(file, 'utf8')) as { entries: unknown[] };
  await writeFile(file, JSON.stringify({ ...journal, entries: journal.entries.slice(0, FIRST_RELEASE) }));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
