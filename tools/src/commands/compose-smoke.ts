// npm run compose:smoke: builds the composed platform with throw-away secrets, tries it with one replica of everything
// and with two of each service, and takes it away again with its volumes.
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { composeAloud } from '../deploy/compose.ts';
import { SERVICES } from '../platform/constellation.ts';
import { progressTo } from '../progress.ts';
import { inRoot } from '../root.ts';
import { present } from '../smoke/check.ts';
import { composeTarget } from '../smoke/find-target.ts';
import { runSmoke } from '../smoke/run-smoke.ts';

const VERIFY = ['node', '--disable-warning=ExperimentalWarning', 'services/billing/src/verify.ts'];
const LOG_LINES = '40';
const progress = progressTo(process.stdout);

const dir = await mkdtemp(join(tmpdir(), 'suanli-compose-'));
// A project of its own: one that somebody runs from this checkout is left alone.
process.env['COMPOSE_PROJECT_NAME'] = 'suanli-smoke';
process.env['COMPOSE_ENV_FILES'] = join(dir, 'env');
try {
  const secrets = execFileSync(process.execPath, [inRoot('deploy/compose/make-env.mjs'), '--dev']);
  await writeFile(join(dir, 'env'), secrets, { mode: 0o600 });
  composeAloud('up', '--build', '--detach', '--wait', '--quiet-pull');
  await tryGateway(1);
  composeAloud('up', '--detach', '--wait', '--no-recreate', ...SERVICES.flatMap((each) => ['--scale', `${each}=2`]));
  await tryGateway(2);
} catch (error) {
  progress.warn((error as Error).message);
  composeAloud('logs', '--tail', LOG_LINES);
  process.exitCode = 1;
} finally {
  composeAloud('down', '--volumes', '--remove-orphans', '--timeout', '5');
  await rm(dir, { recursive: true, force: true });
}

async function tryGateway(index: number): Promise<void> {
  const target = present(composeTarget(index), 'the composed platform');
  progress.step(`smoke against gateway ${index} of the composed platform, ${target.url}`);
  await runSmoke(target, progress);
  composeAloud('exec', '-T', 'billing', ...VERIFY);
}
