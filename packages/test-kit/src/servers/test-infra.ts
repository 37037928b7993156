import { randomBytes } from 'node:crypto';
import type { ServerKind } from './server-kind.ts';
import { findDocker, startInDocker, sweepDocker } from './docker.ts';
import { startLocally, sweepLocal } from './local.ts';

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
export async function startTestInfra(mode: string = process.env['TEST_INFRA'] ?? 'auto'): Promise<TestInfra> {
  if (!['auto', 'local', 'docker'].includes(mode)) throw new Error(`TEST_INFRA is auto, local or docker, not ${mode}`);
  const docker = mode === 'local' ? undefined : await findDocker();
  if (mode === 'docker' && docker === undefined) throw new Error('TEST_INFRA=docker, but no Docker engine answers');
  if (docker !== undefined) await sweepDocker(docker);
  await sweepLocal();
  const password = randomBytes(12).toString('hex');
  const started = await Promise.allSettled(
    KINDS.map(async (kind): Promise<TestServer> => {
      if (docker !== undefined && (await docker.hasImage(kind))) return startInDocker(kind, password);
      if (mode === 'docker') throw new Error(`TEST_INFRA=docker, but the engine has no image for ${kind}`);
      return startLocally(kind, password);
    }),
  );
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
