import { join } from 'node:path';
import { invariant } from '@suanli/kernel';
import { startNats, startPostgres, startRedis, type RunningServer, type ServerOptions } from '@suanli/local-servers';
import { natsAuthorization } from '@suanli/proto/nats-config';
import { CLUSTERS, natsPassword } from './constellation.ts';
import type { Progress } from '../progress.ts';
import type { Secrets } from './secrets.ts';
import { supervise, type Supervised } from './supervise.ts';

/** Servers that somebody else runs, by the variables POSTGRES_URL, REDIS_URL and NATS_URL. */
export type GivenServers = {
  postgresUrl?: string | undefined;
  redisUrl?: string | undefined;
  natsUrl?: string | undefined;
};
export type BackingServer = Supervised & { url: string };
export type BackingServers = { postgres: BackingServer; redis: BackingServer; nats: BackingServer };

export type BackingOptions = {
  dir: string;
  given: GivenServers;
  durability: 'on' | 'off';
  secrets: Secrets;
  progress: Progress;
  onChange: () => void;
};

/** Starts the three of them side by side and keeps them alive, each on its port and with its data. */
export async function startBackingServers(
  options: BackingOptions,
  owned: AsyncDisposableStack,
): Promise<BackingServers> {
  const { dir, given, durability, secrets, progress, onChange } = options;
  const authorization = natsAuthorization(CLUSTERS, (user) => JSON.stringify(natsPassword(user, secrets)));
  const keep = async (
    name: string,
    start: (options: ServerOptions) => Promise<RunningServer>,
    url: string | undefined,
  ) => {
    const place = { dir: join(dir, name), url, onProgress: (message: string) => progress.step(`${name}: ${message}`) };
    return owned.use(await keepServer({ name, progress, onChange }, (port) => start({ ...place, ...port })));
  };
  const started = await Promise.allSettled([
    keep('postgres', (place) => startPostgres({ ...place, durability }), given.postgresUrl),
    keep('redis', startRedis, given.redisUrl),
    keep('nats', (place) => startNats({ ...place, durability, authorization }), given.natsUrl),
  ]);
  // Only now: throwing while another one still starts would leave that one to nobody.
  const [postgres, redis, nats] = started.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
  invariant(postgres !== undefined && redis !== undefined && nats !== undefined, 'three servers were asked for');
  return { postgres, redis, nats };
}

async function keepServer(
  what: { name: string; progress: Progress; onChange: () => void },
  start: (port: { port?: number }) => Promise<RunningServer>,
): Promise<BackingServer> {
  let url: string | undefined;
  const supervised = await supervise({
    ...what,
    start: async () => {
      const server = await start(url === undefined ? {} : { port: Number(new URL(url).port) });
      if (url === undefined) what.progress.step(`${what.name} is up (${server.source})`);
      url ??= server.url;
      if (server.url === url) return server;
      // The services know the first address: wait for whoever took the port to give it back.
      await server.stop();
      throw new Error('its port was taken by another program');
    },
  });
  return Object.assign(supervised, { url: url ?? '' });
}
