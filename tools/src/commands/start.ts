// npm start: the whole platform on this machine, with a developer tenant, until Ctrl-C.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { dataDir } from '../data-dir.ts';
import { AlreadyRunning, startPlatform } from '../platform/start-platform.ts';
import { progressTo } from '../progress.ts';
import { ensureDeveloper } from '../start/developer.ts';
import { stopRequest, untilRequested } from '../start/stop-request.ts';
import { welcome } from '../start/welcome.ts';

const { values: flags } = parseArgs({ options: { fresh: { type: 'boolean', default: false } } });
const progress = progressTo(process.stdout);
const stop = stopRequest();

try {
  await serve();
} catch (error) {
  if (error !== stop.reason) process.exitCode = report(error);
}

async function serve(): Promise<void> {
  await using platform = await startPlatform({
    dir: dataDir,
    fresh: flags.fresh,
    progress,
    signal: stop,
    given: {
      postgresUrl: process.env['POSTGRES_URL'],
      redisUrl: process.env['REDIS_URL'],
      natsUrl: process.env['NATS_URL'],
    },
  });
  progress.step('every process is ready');
  const developer = await ensureDeveloper(platform);
  if (developer.isNew) progress.step('opened a developer account with ¥1000.00');
  process.stdout.write(welcome(platform, developer));
  await untilRequested(stop);
  progress.step('stopping');
}

function report(error: unknown): number {
  progress.warn(error instanceof Error ? error.message : String(error));
  if (!(error instanceof AlreadyRunning)) progress.warn(`more in ${join(dataDir, 'logs')}`);
  return 1;
}
