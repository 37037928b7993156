import { randomBytes } from 'node:crypto';
import { type DockerEngine, findDocker, startInDocker, sweepDocker } from './docker.ts';
import { startLocally, sweepLocal } from './local.ts';
import { natsAccountsConfig, type ServerKind, type ServerSetup } from './server-kind.ts';

export type TestServer = AsyncDisposable & { url: string; from: 'docker' | 'local' };

export type TestInfra = AsyncDisposable & {
  pgAdminUrl: string;
  natsUrl: string;
  redisUrl: string;
  /** One word per server for the log: `postgres: docker`. */
  summary: string;
};

const KINDS: readonly ServerKind[] = ['postgres', 'nats', 'redis'];

/**
 * Starts the three servers for one test run: a container when a Docker engine answers and has the image, else a private
 * process. `TEST_INFRA=docker` and `=local` allow only the one. Fails when a server cannot be had; never skips.
 */
export async function startTestInfra(): Promise<TestInfra> {
  const docker = await allowedDocker();
  if (docker !== undefined) await sweepDocker(docker);
  await sweepLocal();
  const setup = { password: randomBytes(12).toString('hex'), natsAuthorization: natsAccountsConfig() };
  const started = await Promise.allSettled(KINDS.map((kind) => startOne(docker, kind, setup, kind)));
  const servers = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const stop = async () => void (await Promise.all(servers.map((server) => server[Symbol.asyncDispose]())));
  const failed = started.find((result) => result.status === 'rejected');
  if (failed !== undefined) {
    await stop();
    throw failed.reason;
  }
  const [postgres, nats, redis] = servers;
  if (postgres === undefined || nats === undefined || redis === undefined) throw new Error('unreachable');
  return {
    pgAdminUrl: postgres.url,
    natsUrl: nats.url,
    redisUrl: redis.url,
    summary: KINDS.map((kind, i) => `${kind}: ${servers[i]?.from}`).join(', '),
    [Symbol.asyncDispose]: stop,
  };
}

/** A NATS server for one test, with this `authorization` or `accounts` block; its URL names no user. */
export async function testNatsServer(natsAuthorization: string): Promise<TestServer> {
  const setup = { password: randomBytes(12).toString('hex'), natsAuthorization };
  return startOne(await allowedDocker(), 'nats', setup, `nats-${randomBytes(4).toString('hex')}`);
}

type Mode = 'auto' | 'local' | 'docker';

function readMode(): Mode {
  const mode = process.env['TEST_INFRA'] ?? 'auto';
  if (mode === 'auto' || mode === 'local' || mode === 'docker') return mode;
  throw new Error(`TEST_INFRA is auto, local or docker, not ${mode}`);
}

async function allowedDocker(): Promise<DockerEngine | undefined> {
  const mode = readMode();
  const docker = mode === 'local' ? undefined : await findDocker();
  if (mode === 'docker' && docker === undefined) throw new Error('TEST_INFRA=docker, but no Docker engine answers');
  return docker;
}

async function startOne(
  docker: DockerEngine | undefined,
  kind: ServerKind,
  setup: ServerSetup,
  folder: string,
): Promise<TestServer> {
  if (docker !== undefined && (await docker.hasImage(kind))) return startInDocker(kind, setup);
  if (readMode() === 'docker') throw new Error(`TEST_INFRA=docker, but the engine has no image for ${kind}`);
  return startLocally(kind, setup, folder);
}
