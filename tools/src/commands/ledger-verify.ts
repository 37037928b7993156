// npm run ledger:verify: refolds the whole ledger of DATABASE_URL, else of the platform that runs here, and prints one
// JSON object; exit code 1 when a promise is broken.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { dataDir } from '../data-dir.ts';
import { readPlatformFile } from '../platform/platform-file.ts';
import { root } from '../root.ts';

const VERIFY = 'services/billing/src/verify.ts';

const platform = await readPlatformFile(join(dataDir, 'platform.json'));
const databaseUrl = process.env['DATABASE_URL'] ?? platform?.databases.billing;
const [program, args] =
  databaseUrl === undefined
    ? ['docker', ['compose', 'exec', '-T', 'billing', 'node', '--disable-warning=ExperimentalWarning', VERIFY]]
    : [process.execPath, ['--disable-warning=ExperimentalWarning', VERIFY]];
const env = databaseUrl === undefined ? process.env : { ...process.env, DATABASE_URL: databaseUrl };
const { status, error } = spawnSync(program, args, { cwd: root, env, stdio: 'inherit' });
if (error !== undefined) console.error(`neither a platform that runs here nor DATABASE_URL: ${error.message}`);
process.exitCode = status ?? 1;
