// npm run ledger:verify: refolds the whole ledger, matches its holds to what the scheduler runs, and prints one JSON
// object; exit code 1 when a promise is broken. Looks at DATABASE_URL (with SCHEDULER_DATABASE_URL, if what runs is to
// be matched too), else at the platform that runs here, else at that of docker compose.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { dataDir } from '../data-dir.ts';
import { readPlatformFile } from '../platform/platform-file.ts';
import { root } from '../root.ts';
import { findLedger, type Run } from './find-ledger.ts';

/** A live attempt is a hundred bytes or two: a million of them. */
const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;

const platform = await readPlatformFile(join(dataDir, 'platform.json'));
const { liveAttempts, ledger } = findLedger(process.env, platform?.databases);
// The scheduler is asked first: what changes before the holds are read is not judged.
const asked = liveAttempts && start(liveAttempts, { input: '', stdout: 'pipe' });
if (asked !== undefined && asked.status !== 0) {
  console.error('the scheduler does not say what runs');
  process.exitCode = asked.status ?? 1;
} else {
  process.exitCode = start(ledger, { input: asked?.stdout ?? '', stdout: 'inherit' }).status ?? 1;
}

function start({ program, args, env }: Run, { input, stdout }: { input: string; stdout: 'pipe' | 'inherit' }) {
  const result = spawnSync(program, args, {
    ...{ cwd: root, env: { ...process.env, ...env }, encoding: 'utf8', maxBuffer: MAX_OUTPUT_BYTES },
    ...{ input, stdio: ['pipe', stdout, 'inherit'] },
  });
  if (result.error) console.error(`neither a platform that runs here nor DATABASE_URL: ${result.error.message}`);
  return result;
}
