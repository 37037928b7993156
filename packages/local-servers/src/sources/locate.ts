import { accessSync, constants, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fetchDebianProgram } from './debian-packages.ts';
import { dockerAnswers } from './docker.ts';
import { defaultCacheDir, ServerMissing, type ServerOptions, type ServerSource } from '../server.ts';

/** Debian keeps servers where the PATH of an ordinary user does not look. */
const SYSTEM_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/usr/local/bin', '/usr/bin', '/sbin'];
const DEBIAN_POSTGRES = '/usr/lib/postgresql';

/** A program and the variables it needs, for example where its libraries are. */
export type Program = { path: string; env: Readonly<Record<string, string>>; source: ServerSource };

/** Full path of a program on this machine, undefined when there is none. */
export function findProgram(name: string, path = process.env['PATH'] ?? ''): string | undefined {
  const folders = [...path.split(':').filter((folder) => folder !== ''), ...SYSTEM_FOLDERS];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/** Folders of PostgreSQL installations that Debian keeps side by side, newest first. */
export function debianPostgresFolders(root = DEBIAN_POSTGRES): string[] {
  return listFolder(root)
    .filter((version) => /^\d+$/.test(version))
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(root, version, 'bin'))
    .filter((bin) => isExecutable(join(bin, 'initdb')));
}

/** First of: on this machine, fetched from Debian's archive, a Docker engine. Throws ServerMissing. */
export async function chooseProgram(
  name: string,
  options: Pick<ServerOptions, 'sources' | 'cacheDir' | 'onProgress'>,
): Promise<Program | 'docker'> {
  const failures: string[] = [];
  for (const source of options.sources ?? ['machine', 'package', 'docker']) {
    if (source === 'machine') {
      const path = findProgram(name);
      if (path !== undefined) return { path, env: {}, source };
      failures.push(`${name} is not on this machine`);
    } else if (source === 'package') {
      try {
        return { ...(await fetchDebianProgram(name, options.cacheDir ?? defaultCacheDir, options.onProgress)), source };
      } catch (error) {
        failures.push(`the package could not be fetched (${(error as Error).message})`);
      }
    } else {
      if (await dockerAnswers()) return 'docker';
      failures.push('no Docker engine answers');
    }
  }
  throw new ServerMissing(
    `${name} is needed: ${failures.join('; ')}. Install it (apt-get install ${name}) or start a Docker engine.`,
  );
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function listFolder(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
