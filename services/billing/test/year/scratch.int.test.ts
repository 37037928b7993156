import { it } from 'vitest';
import { Session } from 'node:inspector/promises';
import { writeFileSync } from 'node:fs';
import pg from 'pg';
import { auditYear } from './audit-year.ts';
import { billingOnPostgres } from '../under-test.ts';
import { runYear } from './run-year.ts';

it('scratch', async () => {
  await using billing = await billingOnPostgres();
  const startedAt = performance.now();
  const watcher = new pg.Client(billing.adminUrl);
  await watcher.connect();
  const seen = new Map<string, number>();
  let isOn = true;
  const watching = (async () => {
    while (isOn) {
      const { rows } = await watcher.query(
        `select left(regexp_replace(query, '\\s+', ' ', 'g'), 90) as q, coalesce(wait_event_type, 'cpu') as w from pg_stat_activity where state = 'active' and pid <> pg_backend_pid() and datname = current_database()`,
      );
      for (const { q, w } of rows) seen.set(`${w} ${q}`, (seen.get(`${w} ${q}`) ?? 0) + 1);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.start');
  const year = await runYear(
    billing,
    { seed: 5, tenantCount: 1000, days: Number(process.env['D'] ?? 35), tail: 3 } as never,
    (line) => process.stderr.write(`${Math.round(performance.now() - startedAt)} ${line}\n`),
  );
  isOn = false;
  await watching;
  await watcher.end();
  process.stderr.write(
    [...seen]
      .sort((a, b) => b[1] - a[1])
      .slice(0, 40)
      .map(([q, n]) => `${n} ${q}`)
      .join('\n') + '\n',
  );
  const { profile } = await session.post('Profiler.stop');
  writeFileSync('/tmp/year.cpuprofile', JSON.stringify(profile));
  process.stderr.write(
    `${Math.round(performance.now() - startedAt)}\n${[...year.counts]
      .sort()
      .map(([k, v]) => `${k}: ${v}`)
      .join('\n')}`,
  );
  process.stderr.write('\n');
  const t = performance.now();
  process.stderr.write(JSON.stringify(await auditYear(billing, year), null, 1));
  process.stderr.write(`audit ${performance.now() - t}`);
}, 900_000);
