import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { chown, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { choosePostgres, postgresUser, type PostgresBinaries, type RunAs } from './postgres-binaries.ts';
import { startChild } from './processes/child-process.ts';
import { untilReady, waitUntil } from './processes/readiness.ts';
import {
  childServer,
  existingServer,
  openServerDir,
  serverChild,
  type RunningServer,
  type ServerOptions,
} from './server.ts';
import { removeContainer, startContainer } from './sources/docker.ts';

const IMAGE = 'postgres:17';
const CONTAINER_PORT = 5432;
const CONTAINER_DATA = '/var/lib/postgresql/data';
const SUPERUSER = 'postgres';
const READY = { timeoutMs: 60_000, what: 'postgres' };
const CONNECT_TIMEOUT_MS = 2_000;
const INITDB_TIMEOUT_MS = 120_000;
/** Five services and two agents with their pools, and test files side by side. */
const MAX_CONNECTIONS = 300;
/** The first descriptor after the standard three. */
const DATA_DESCRIPTOR = 3;
/**
 * The defaults are for a server of 1 GB: with them the ledger's pages are written out again and again between checkpoints
 * that come every half minute under load. Memory is taken as it is used.
 */
const ROOMY = ['shared_buffers=512MB', 'max_wal_size=4GB', 'checkpoint_timeout=15min'];
const NOT_DURABLE = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'];

export type PostgresOptions = ServerOptions & {
  /** `off` gives up everything in a crash of the machine for speed: for tests alone. */
  durability: 'on' | 'off';
};

type Place = {
  dir: string;
  data: string;
  port: number;
  password: string;
  url: string;
  isNew: boolean;
  durability: 'on' | 'off';
};

/** Starts a private PostgreSQL 15 or newer. The URL is its superuser's. */
export async function startPostgres(options: PostgresOptions): Promise<RunningServer> {
  if (options.url !== undefined) return existingServer(options.url);
  const data = join(options.dir, 'data');
  const binaries = await choosePostgres(options, await majorOf(data));
  if (binaries === 'docker') await removeContainer('postgres', options.dir);
  const state = await openServerDir(options);
  const url = `postgres://${SUPERUSER}:${state.password}@127.0.0.1:${state.port}/postgres`;
  const place = { ...state, dir: options.dir, data, url, durability: options.durability };
  return binaries === 'docker' ? runContainer(place) : runProgram(binaries, place);
}

async function runProgram(binaries: PostgresBinaries, place: Place): Promise<RunningServer> {
  const user = postgresUser();
  if (!existsSync(place.data)) await createCluster(binaries, place, user);
  const logFile = join(place.dir, 'postgres.log');
  const descriptor = user === undefined ? undefined : openSync(place.data, 'r');
  try {
    const child = await startChild({
      command: join(binaries.bin, 'postgres'),
      args: [
        '-D',
        dataPath(place.data, descriptor),
        '-p',
        String(place.port),
        '-h',
        '127.0.0.1',
        '-k',
        '',
        ...settings(place),
      ],
      env: serverEnv(binaries),
      cwd: '/',
      ...serverChild(place.dir),
      logFile,
      ...(user === undefined ? {} : { runAs: user }),
      ...(descriptor === undefined ? {} : { descriptors: [descriptor] }),
    });
    await untilReady(child, () => ping(place.url), { ...READY, logFile });
    return childServer(child, place.url, binaries.source);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** In a folder beside it first, so that a cluster either exists whole or not at all. */
async function createCluster(binaries: PostgresBinaries, place: Place, user: RunAs | undefined): Promise<void> {
  const unfinished = `${place.data}.new`;
  const secrets = await mkdtemp(join(tmpdir(), 'suanli-initdb-'));
  const passwordFile = join(secrets, 'password');
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { mode: 0o700 });
  await writeFile(passwordFile, place.password, { mode: 0o600 });
  if (user !== undefined) {
    for (const path of [unfinished, secrets, passwordFile]) await chown(path, user.uid, user.gid);
  }
  const descriptor = user === undefined ? undefined : openSync(unfinished, 'r');
  try {
    const { status, stdout, stderr } = spawnSync(
      join(binaries.bin, 'initdb'),
      [
        ...['-D', dataPath(unfinished, descriptor), '-U', SUPERUSER, '-A', 'scram-sha-256', '--pwfile', passwordFile],
        ...[
          '-E',
          'UTF8',
          '--locale=C.UTF-8',
          '--no-instructions',
          ...(place.durability === 'off' ? ['--no-sync'] : []),
        ],
      ],
      {
        cwd: '/',
        env: serverEnv(binaries),
        encoding: 'utf8',
        timeout: INITDB_TIMEOUT_MS,
        stdio: ['ignore', 'pipe', 'pipe', ...(descriptor === undefined ? [] : [descriptor])],
        ...user,
      },
    );
    if (status !== 0) throw new Error(`initdb failed\n${stdout}${stderr}`);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
    await rm(secrets, { recursive: true, force: true });
  }
  await rename(unfinished, place.data);
}

async function runContainer(place: Place): Promise<RunningServer> {
  const container = await startContainer({
    kind: 'postgres',
    image: IMAGE,
    dir: place.dir,
    port: place.port,
    containerPort: CONTAINER_PORT,
    url: place.url,
    isNew: place.isNew,
    dataFolder: CONTAINER_DATA,
    env: { POSTGRES_USER: SUPERUSER, POSTGRES_PASSWORD: place.password },
    args: ['postgres', ...settings(place)],
  });
  await waitUntil(() => ping(place.url), READY);
  return container;
}

/**
 * Another user cannot walk through our private folders, but may use a folder handed over as an open descriptor. This
 * keeps the data inside a checkout under a private home.
 */
function dataPath(folder: string, descriptor: number | undefined): string {
  return descriptor === undefined ? folder : `/proc/self/fd/${DATA_DESCRIPTOR}`;
}

function settings(place: Place): string[] {
  const values = [`max_connections=${MAX_CONNECTIONS}`, ...(place.durability === 'off' ? NOT_DURABLE : ROOMY)];
  return values.flatMap((value) => ['-c', value]);
}

/** Nothing of ours: a PGDATA or PGPORT of the user must not reach this server. */
function serverEnv(binaries: PostgresBinaries): Record<string, string> {
  return { LC_ALL: 'C.UTF-8', TZ: 'UTC', PATH: '/usr/bin:/bin', ...binaries.env };
}

async function majorOf(data: string): Promise<number | undefined> {
  if (!existsSync(data)) return undefined;
  return Number(await readFile(join(data, 'PG_VERSION'), 'utf8'));
}

async function ping(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  client.on('error', () => {}); // A connection that breaks while it closes says nothing more than the query did.
  try {
    await client.connect();
    await client.query('select 1');
  } finally {
    await client.end();
  }
}
