import { connectPostgres } from '@suanli/postgres';
import { createLogger, env, parseEnv } from '@suanli/service-kit';
import { z } from 'zod';
import { readLiveAttempts } from './adapters/postgres/audit/live-attempts.ts';

/**
 * Prints the attempts of DATABASE_URL that money may be held for: JSON objects, one a line, each a page of
 * `{asOf, attempts: [{workloadId, epoch, phase, holdId}]}`, and at the end `{asOf, total}`. Changes nothing.
 */
const STATEMENT_TIMEOUT_MS = 60_000;
const PAGE_SIZE = 1_000;

const parsed = parseEnv(z.object({ DATABASE_URL: env.secretUrl('PostgreSQL of the scheduler') }), process.env);
if (parsed.kind === 'bad') {
  process.stderr.write(`${parsed.problems.join('\n')}\n`);
  process.exit(78);
}
// Only JSON goes to the standard output.
const logger = createLogger({ service: 'live-attempts', level: 'silent', replicaId: 'verify' });
const postgres = {
  url: parsed.config.DATABASE_URL,
  applicationName: 'live-attempts',
  statementTimeoutMs: STATEMENT_TIMEOUT_MS,
};
await using db = await connectPostgres({ ...postgres, maxConnections: 1 }, logger);
const print = (line: object) => void process.stdout.write(`${JSON.stringify(line)}\n`);
print(await readLiveAttempts(db, PAGE_SIZE, print));
