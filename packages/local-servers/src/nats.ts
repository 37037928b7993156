import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand, startChild } from './processes/child-process.ts';
import { exchange, untilReady, waitUntil } from './processes/readiness.ts';
import {
  childServer,
  existingServer,
  openServerDir,
  serverChild,
  type RunningServer,
  type ServerOptions,
} from './server.ts';
import { removeContainer, startContainer } from './sources/docker.ts';
import { chooseProgram, type Program } from './sources/locate.ts';

const IMAGE = 'nats:2';
const CONTAINER_CONFIG = '/etc/suanli-nats.conf';
const CONTAINER_PORT = 4222;
const CONTAINER_DATA = '/data';
const USER = 'suanli';
const READY = { timeoutMs: 20_000, what: 'nats-server' };
/** Large enough for a catalogue of events, far below what would hold up other messages. */
const MAX_PAYLOAD_BYTES = 1_048_576;

export type NatsOptions = ServerOptions & {
  /** The `authorization` or `accounts` block of the server's configuration. Left out: one user, named in the URL. */
  authorization?: string;
  /** `on`: a message is on disk before it is acknowledged (servers before 2.10 cannot: they sync every two minutes). */
  durability?: 'on' | 'off';
};

type Place = {
  dir: string;
  port: number;
  url: string;
  isNew: boolean;
  authorization: string;
  durability: 'on' | 'off';
};

/** Starts a private NATS server with JetStream. */
export async function startNats(options: NatsOptions): Promise<RunningServer> {
  if (options.url !== undefined) return existingServer(options.url);
  const program = await chooseProgram('nats-server', options);
  if (program === 'docker') await removeContainer('nats', options.dir);
  const { port, password, isNew } = await openServerDir(options);
  const credentials = options.authorization === undefined ? `${USER}:${password}@` : '';
  const place: Place = {
    dir: options.dir,
    port,
    isNew,
    url: `nats://${credentials}127.0.0.1:${port}`,
    authorization: options.authorization ?? `authorization { user: "${USER}", password: "${password}" }`,
    durability: options.durability ?? 'off',
  };
  return program === 'docker' ? runContainer(place) : runProgram(program, place);
}

export type NatsConfig = { host: string; port: number; storeDir: string; syncsAlways: boolean; authorization: string };

export function natsServerConfig(config: NatsConfig): string {
  return [
    `host: "${config.host}"`,
    `port: ${config.port}`,
    `max_payload: ${MAX_PAYLOAD_BYTES}`,
    'jetstream {',
    `  store_dir: "${config.storeDir}"`,
    ...(config.syncsAlways ? ['  sync_interval: always'] : []),
    '}',
    config.authorization,
    '',
  ].join('\n');
}

/** Whether this server knows `sync_interval`, from what `nats-server --version` prints. */
export function canSyncAlways(version: string): boolean {
  const [, major, minor] = /v?(\d+)\.(\d+)/.exec(version) ?? [];
  return Number(major) > 2 || (Number(major) === 2 && Number(minor) >= 10);
}

async function runProgram(program: Program, place: Place): Promise<RunningServer> {
  const { dir, port } = place;
  const configFile = join(dir, 'nats.conf');
  const logFile = join(dir, 'nats.log');
  const syncsAlways = place.durability === 'on' && canSyncAlways(await runCommand(program.path, ['--version']));
  const text = natsServerConfig({ ...place, host: '127.0.0.1', storeDir: join(dir, 'jetstream'), syncsAlways });
  await writeFile(configFile, text, { mode: 0o600 });
  const child = await startChild({
    command: program.path,
    args: ['--config', configFile],
    env: { ...program.env },
    cwd: dir,
    ...serverChild(dir),
    logFile,
  });
  await untilReady(child, () => ping(port), { ...READY, logFile });
  return childServer(child, place.url, program.source);
}

async function runContainer(place: Place): Promise<RunningServer> {
  const syncsAlways = place.durability === 'on';
  const text = natsServerConfig({
    ...place,
    host: '0.0.0.0',
    port: CONTAINER_PORT,
    storeDir: CONTAINER_DATA,
    syncsAlways,
  });
  const container = await startContainer({
    kind: 'nats',
    image: IMAGE,
    dir: place.dir,
    port: place.port,
    containerPort: CONTAINER_PORT,
    url: place.url,
    isNew: place.isNew,
    dataFolder: CONTAINER_DATA,
    config: { path: CONTAINER_CONFIG, text },
    args: ['--config', CONTAINER_CONFIG],
  });
  await waitUntil(() => ping(place.port), READY);
  return container;
}

/** A NATS server speaks first. */
async function ping(port: number): Promise<void> {
  await exchange(port, '', 'INFO {');
}
