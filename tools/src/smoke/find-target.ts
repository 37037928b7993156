import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { dataDir } from '../data-dir.ts';
import { readJson } from '../json-file.ts';
import { readPlatformFile } from '../platform/platform-file.ts';
import { root } from '../root.ts';
import type { Developer } from '../start/developer.ts';
import type { Target } from './rest/api.ts';

const COMPOSE_TIMEOUT_MS = 20_000;

/** The platform to try: the one the environment names, else the one that `npm start` or compose runs here. */
export async function findTarget(env: NodeJS.ProcessEnv): Promise<Target> {
  const { SUANLI_URL: url, SUANLI_API_KEY: apiKey } = env;
  if (url && apiKey) return { url, apiKey };
  if (url || apiKey) throw new Error('set both SUANLI_URL and SUANLI_API_KEY, or neither');
  const found = (await localTarget()) ?? composeTarget();
  if (found === undefined) {
    throw new Error('no platform is running here: npm start, docker compose up, or set SUANLI_URL and SUANLI_API_KEY');
  }
  return found;
}

async function localTarget(): Promise<Target | undefined> {
  const platform = await readPlatformFile(join(dataDir, 'platform.json'));
  const developer = await readJson<Developer>(join(dataDir, 'developer.json'));
  return platform && developer && { url: platform.url, apiKey: developer.apiKey };
}

/** The development profile's seed prints its key last. */
function composeTarget(): Target | undefined {
  const address = compose('port', 'gateway', '8080').split('\n')[0]?.replace('0.0.0.0', '127.0.0.1') ?? '';
  const apiKey = /SUANLI_API_KEY=(\S+)/.exec(compose('logs', '--no-log-prefix', 'seed').split('\n').at(-1) ?? '')?.[1];
  return address === '' || apiKey === undefined ? undefined : { url: `http://${address}`, apiKey };
}

function compose(...args: string[]): string {
  const { status, stdout } = spawnSync('docker', ['compose', ...args], {
    cwd: root,
    encoding: 'utf8',
    timeout: COMPOSE_TIMEOUT_MS,
  });
  return status === 0 ? stdout.trim() : '';
}
