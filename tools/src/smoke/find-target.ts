import { join } from 'node:path';
import { compose } from '../deploy/compose.ts';
import { dataDir } from '../data-dir.ts';
import { readJson } from '../json-file.ts';
import { readPlatformFile } from '../platform/platform-file.ts';
import type { Developer } from '../start/developer.ts';
import type { Target } from './rest/api.ts';

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

/** The composed platform, through one of its gateways (from 1). The development profile's seed prints its key last. */
export function composeTarget(gateway = 1): Target | undefined {
  const address = compose('port', '--index', String(gateway), 'gateway', '8080').split('\n')[0] ?? '';
  const lastLine = compose('logs', '--no-log-prefix', 'seed').split('\n').at(-1) ?? '';
  const apiKey = /SUANLI_API_KEY=(\S+)/.exec(lastLine)?.[1];
  if (address === '' || apiKey === undefined) return undefined;
  return { url: `http://${address.replace('0.0.0.0', '127.0.0.1')}`, apiKey };
}
