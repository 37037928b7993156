import { createReadStream } from 'node:fs';
import { parseArgs } from 'node:util';
import { systemClock } from '@suanli/kernel';
import { connectPostgres } from '@suanli/postgres';
import { createLogger, env, parseEnv } from '@suanli/service-kit';
import { z } from 'zod';
import { readLiveWork } from './adapters/live-work.ts';
import { auditLedger } from './adapters/postgres/audit-ledger.ts';
import { auditWorkloads } from './adapters/postgres/workloads/audit-workloads.ts';

/**
 * Refolds the ledger of DATABASE_URL and prints one JSON object; exit code 1 when a promise is broken. Changes nothing.
 * `--workloads <file>`, or `-` for the standard input, is what the scheduler's verify printed just before: then the holds
 * of jobs are matched to what is alive there.
 */
const STATEMENT_TIMEOUT_MS = 600_000;
const NOT_CHECKED = 'not checked';

const { values } = parseArgs({ options: { workloads: { type: 'string' } } });
const parsed = parseEnv(z.object({ DATABASE_URL: env.secretUrl('PostgreSQL of billing') }), process.env);
if (parsed.kind === 'bad') {
  process.stderr.write(`${parsed.problems.join('\n')}\n`);
  process.exit(78);
}
const work =
  values.workloads === undefined
    ? undefined
    : await readLiveWork(values.workloads === '-' ? process.stdin : createReadStream(values.workloads));
// Only JSON goes to the standard output.
const logger = createLogger({ service: 'ledger-verify', level: 'silent', replicaId: 'verify' });
const postgres = {
  url: parsed.config.DATABASE_URL,
  applicationName: 'ledger-verify',
  statementTimeoutMs: STATEMENT_TIMEOUT_MS,
};
await using db = await connectPostgres({ ...postgres, maxConnections: 1 }, logger);
// First what was asked first: the refold may take long.
const matched = work && (await auditWorkloads(db, work));
const ledger = await auditLedger(db, systemClock.now());
const broken = { ...ledger.broken, ...matched?.broken };
const isBroken = Object.keys(broken).length > 0;
const report = {
  ...ledger,
  broken,
  checks: ledger.checks + (matched?.checks ?? 0),
  workloads: matched === undefined ? NOT_CHECKED : 'checked',
  ...(matched && { liveAttempts: matched.liveAttempts, jobHolds: matched.jobHolds }),
  ...(Object.keys(matched?.broken ?? {}).length > 0 && { unmatched: matched?.unmatched }),
};
process.stdout.write(`${JSON.stringify(report)}\n`);
process.exitCode = report.driftMicros === '0' && !isBroken ? 0 : 1;
