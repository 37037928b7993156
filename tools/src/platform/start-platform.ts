import { chmod, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '@suanli/kernel';
import { ensureBubblewrap, readLivePid, ServerMissing, stopStale, writePidFile } from '@suanli/local-servers';
import { type Progress, silentProgress } from '../progress.ts';
import { type BackingServers, type GivenServers, startBackingServers } from './backing-servers.ts';
import { ensureCertificates } from './certificates.ts';
import type { Addresses, ProcessName, ProcessSpec, ServiceName } from './constellation.ts';
import { chooseAddresses, constellation, inherited, operatorKey, SERVICES } from './constellation.ts';
import { ensureDatabase, migrateAll, type ServiceDatabase } from './databases.ts';
import { type PlatformFile, readPlatformFile, recordPlatform } from './platform-file.ts';
import { openPorts } from './ports.ts';
import { keepProcess, pidFolder, type ProcessOptions, type SupervisedProcess, untilProcessReady } from './processes.ts';
import { openSecrets, type Secrets } from './secrets.ts';

const PREFERRED_HTTP_PORT = 8080;
const LEFTOVER_STOP_MS = 10_000;
const FILE = 'platform.json';

export type PlatformOptions = {
  /** Everything that the platform keeps. A second start in the same folder finds it again. */
  dir: string;
  /** Forgets first what an earlier one kept there. */
  fresh?: boolean;
  progress?: Progress;
  /** Preferred port of the public REST API. */
  httpPort?: number;
  given?: GivenServers;
  /** `off`: what a crash of the machine may lose is of no interest, as in tests. */
  durability?: 'on' | 'off';
  /** Variables over those that every process, or only the named one, would have. */
  env?: Readonly<Record<string, string>>;
  envOf?: Partial<Record<ProcessName, Readonly<Record<string, string>>>>;
  /** Gives the start up; what had been started is stopped. */
  signal?: AbortSignal;
};

/** The whole constellation on this machine. Disposing stops it in reverse order. */
export type Platform = AsyncDisposable &
  Omit<PlatformFile, 'pids'> & {
    dir: string;
    pids(): Record<string, number>;
    /** Sends a signal to a process or a backing server; it is started again when it dies of it. */
    kill(name: ProcessName | keyof BackingServers, signal: NodeJS.Signals): Promise<boolean>;
    /** Resolves when every process says that it is ready, for example after a kill. */
    untilReady(signal?: AbortSignal): Promise<void>;
  };

/** Another platform uses this folder. */
export class AlreadyRunning extends Error {
  override name = 'AlreadyRunning';
}

/** Starts everything and waits until it is ready. Nothing is left running when it throws. */
export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  const { dir, progress = silentProgress } = options;
  await using boot = new AsyncDisposableStack();
  await claimFolder(dir, options.fresh ?? false, boot);
  const record = recordPlatform(join(dir, FILE));
  boot.defer(() => record.settled());
  const secrets = await openSecrets(join(dir, 'secrets.json'));
  const onChange = record.changed;
  const { given = {}, durability = 'on' } = options;
  const servers = await startBackingServers({ dir, given, durability, secrets, progress, onChange }, boot);
  const [databases] = await Promise.all([
    prepareDatabases(dir, servers.postgres.url, secrets, progress),
    prepareIsolation(progress),
  ]);
  options.signal?.throwIfAborted();
  const addresses = await settleAddresses(dir, options.httpPort ?? PREFERRED_HTTP_PORT);
  const certificates = await ensureCertificates(join(dir, 'certificates'), SERVICES, systemClock.now());
  const urls = { natsUrl: servers.nats.url, redisUrl: servers.redis.url };
  const around = { dir, secrets, addresses, databases, certificates, servers: urls };
  const specs = constellation(around, process.env).map((spec) => withOverrides(spec, options));
  await secrets.save();

  const processes = await startProcesses(specs, { dir, progress, onChange }, boot);
  const untilReady = async (signal?: AbortSignal) => {
    await Promise.all(specs.map((spec) => untilProcessReady(spec, processes[spec.name], signal)));
  };
  await untilReady(options.signal);
  const all = { ...servers, ...processes };
  const pids = () => pidsOf(Object.values(all));
  const facts = { ...urls, ...factsOf(addresses, databases, secrets), postgresUrl: servers.postgres.url };
  await record.begin(() => ({ ...facts, pids: pids() }));
  const owned = boot.move();
  return {
    ...facts,
    dir,
    pids,
    kill: (name, signal) => all[name].kill(signal),
    untilReady,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** One platform a folder: two would fight over its data. What a crashed one left running is stopped. */
async function claimFolder(dir: string, fresh: boolean, boot: AsyncDisposableStack): Promise<void> {
  await mkdir(pidFolder(dir), { recursive: true, mode: 0o700 });
  await chmod(dir, 0o700); // Tests may have made it before us, for the cache alone.
  const pidFile = join(dir, 'supervisor.pid');
  const other = await readLivePid(pidFile);
  if (other !== undefined) {
    const running = await readPlatformFile(join(dir, FILE));
    throw new AlreadyRunning(`the platform already runs here: pid ${other}, ${running?.url ?? 'still starting'}`);
  }
  await writePidFile(pidFile, process.pid);
  boot.defer(async () => {
    for (const path of [pidFile, join(dir, FILE)]) await rm(path, { force: true });
  });
  await stopLeftovers(dir);
  if (fresh) await wipe(dir, ['cache', 'supervisor.pid']);
}

async function stopLeftovers(dir: string): Promise<void> {
  const processes = (await readdir(pidFolder(dir))).map((name) => join(pidFolder(dir), name));
  const servers = ['postgres', 'redis', 'nats'].map((name) => join(dir, name, 'server.pid'));
  const stop = { signal: 'SIGTERM', timeoutMs: LEFTOVER_STOP_MS } as const;
  await Promise.all(processes.map((file) => stopStale(file, stop)));
  await Promise.all(servers.map((file) => stopStale(file, { ...stop, signal: 'SIGINT' })));
}

async function wipe(dir: string, kept: readonly string[]): Promise<void> {
  const names = (await readdir(dir)).filter((name) => !kept.includes(name));
  await Promise.all(names.map((name) => rm(join(dir, name), { recursive: true, force: true })));
}

/** Without bubblewrap the agents refuse tenants' tasks: said here, where somebody can install it. */
async function prepareIsolation(progress: Progress): Promise<void> {
  try {
    await ensureBubblewrap(undefined, progress.step);
  } catch (error) {
    if (!(error instanceof ServerMissing)) throw error;
    progress.warn(`${error.message}; until then jobs are refused`);
  }
}

async function prepareDatabases(
  dir: string,
  adminUrl: string,
  secrets: Secrets,
  progress: Progress,
): Promise<Record<ServiceName, ServiceDatabase>> {
  const entries = await Promise.all(
    SERVICES.map(async (service) => [service, await ensureDatabase(service, adminUrl, secrets)] as const),
  );
  await secrets.save(); // The roles have these passwords from now on.
  const databases = Object.fromEntries(entries) as Record<ServiceName, ServiceDatabase>;
  const migrated = await migrateAll(databases, inherited(process.env), join(dir, 'migrated.json'));
  if (migrated.length > 0) progress.step(`migrated the databases of ${migrated.join(', ')}`);
  return databases;
}

async function settleAddresses(dir: string, httpPort: number): Promise<Addresses> {
  const ports = await openPorts(join(dir, 'ports.json'));
  const addresses = await chooseAddresses(ports, httpPort);
  await ports.save();
  return addresses;
}

async function startProcesses(
  specs: readonly ProcessSpec[],
  options: ProcessOptions,
  boot: AsyncDisposableStack,
): Promise<Record<ProcessName, SupervisedProcess>> {
  options.progress.step(`starting ${specs.map((spec) => spec.name).join(', ')}`);
  const started = new Map<ProcessName, SupervisedProcess>();
  for (const spec of specs) started.set(spec.name, boot.use(await keepProcess(spec, options)));
  return Object.fromEntries(started) as Record<ProcessName, SupervisedProcess>;
}

function withOverrides(spec: ProcessSpec, { env, envOf }: PlatformOptions): ProcessSpec {
  return { ...spec, env: { ...spec.env, ...env, ...envOf?.[spec.name] } };
}

function factsOf(addresses: Addresses, databases: Record<ServiceName, ServiceDatabase>, secrets: Secrets) {
  const urls = Object.entries(databases).map(([service, { url }]) => [service, url]);
  return {
    url: `http://${addresses.http}`,
    operatorKey: operatorKey(secrets),
    grpc: addresses.partner,
    internalGrpc: addresses.internal,
    ops: addresses.ops,
    databases: Object.fromEntries(urls) as Record<ServiceName, string>,
  };
}

function pidsOf(all: readonly { name: string; pid: () => number | undefined }[]): Record<string, number> {
  const live = all.flatMap(({ name, pid }) => {
    const current = pid();
    return current === undefined ? [] : [[name, current] as const];
  });
  return Object.fromEntries(live);
}
