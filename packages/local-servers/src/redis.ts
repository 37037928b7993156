import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startChild } from './processes/child-process.ts';
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

const IMAGE = 'redis:8';
const CONTAINER_CONFIG = '/usr/local/etc/redis.conf';
const CONTAINER_PORT = 6379;
const READY = { timeoutMs: 20_000, what: 'redis' };

type Place = { dir: string; port: number; password: string; url: string; isNew: boolean };

/** Starts a private Redis. It keeps nothing over a restart: what must survive is in PostgreSQL. */
export async function startRedis(options: ServerOptions): Promise<RunningServer> {
  if (options.url !== undefined) return existingServer(options.url);
  const program = await chooseProgram('redis-server', options);
  if (program === 'docker') await removeContainer('redis', options.dir);
  const state = await openServerDir(options);
  const place = { ...state, dir: options.dir, url: `redis://:${state.password}@127.0.0.1:${state.port}` };
  return program === 'docker' ? runContainer(place) : runProgram(program, place);
}

/** The queue library needs `noeviction`: an evicted key would be a lost wake-up. */
export function redisConfig(options: { bind: string; port: number; dir: string; password: string }): string {
  return [
    `bind ${options.bind}`,
    `port ${options.port}`,
    `dir "${options.dir}"`,
    `requirepass ${options.password}`,
    'daemonize no',
    'save ""',
    'appendonly no',
    'maxmemory-policy noeviction',
    '',
  ].join('\n');
}

async function runProgram(program: Program, { dir, port, password, url }: Place): Promise<RunningServer> {
  const configFile = join(dir, 'redis.conf');
  const logFile = join(dir, 'redis.log');
  await writeFile(configFile, redisConfig({ bind: '127.0.0.1', port, dir, password }), { mode: 0o600 });
  const child = await startChild({
    command: program.path,
    args: [configFile],
    env: { ...program.env, LC_ALL: 'C' },
    cwd: dir,
    ...serverChild(dir),
    logFile,
  });
  await untilReady(child, () => ping(port, password), { ...READY, logFile });
  return childServer(child, url, program.source);
}

async function runContainer({ dir, port, password, url, isNew }: Place): Promise<RunningServer> {
  const text = redisConfig({ bind: '0.0.0.0', port: CONTAINER_PORT, dir: '/data', password });
  const container = await startContainer({
    kind: 'redis',
    image: IMAGE,
    dir,
    port,
    containerPort: CONTAINER_PORT,
    url,
    isNew,
    dataFolder: '/data',
    config: { path: CONTAINER_CONFIG, text },
    args: ['redis-server', CONTAINER_CONFIG],
  });
  await waitUntil(() => ping(port, password), READY);
  return container;
}

/** Two inline commands: a sign of life needs no client library. */
async function ping(port: number, password: string): Promise<void> {
  await exchange(port, `AUTH ${password}\r\nPING\r\n`, '+PONG');
}
