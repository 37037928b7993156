import { systemClock } from '@suanli/kernel';
import { connectPostgres } from '@suanli/postgres';
import { createLogger, env, parseEnv } from '@suanli/service-kit';
import { z } from 'zod';
import { auditLedger } from './adapters/postgres/audit-ledger.ts';

/** Refolds the ledger of DATABASE_URL and prints one JSON object; exit code 1 when a promise is broken. Changes nothing. */
const STATEMENT_TIMEOUT_MS = 600_000;

const parsed = parseEnv(z.object({ DATABASE_URL: env.secretUrl('PostgreSQL of billing') }), process.env);
if (parsed.kind === 'bad') {
  process.stderr.write(`${parsed.problems.join('\n')}\n`);
  process.exit(78);
}
// Only JSON goes to the standard output.
const logger = createLogger({ service: 'ledger-verify', level: 'silent', replicaId: 'verify' });
const postgres = {
  url: parsed.config.DATABASE_URL,
  applicationName: 'ledger-verify',
  statementTimeoutMs: STATEMENT_TIMEOUT_MS,
};
await using db = await connectPostgres({ ...postgres, maxConnections: 1 }, logger);
const report = await auditLedger(db, systemClock.now());
process.stdout.write(`${JSON.stringify(report)}\n`);
process.exitCode = report.driftMicros === '0' && Object.keys(report.broken).length === 0 ? 0 : 1;
