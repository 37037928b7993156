import { hostname } from 'node:os';
import { waitUntil } from '@suanli/local-servers';
import {
  type ContainerRuntimeClient,
  GenericContainer,
  getContainerRuntimeClient,
  ImageName,
  Wait,
} from 'testcontainers';
import type { TestServer } from './test-infra.ts';
import { asAdmin } from '../admin.ts';
import { IMAGES, isAlive, OWNER_LABEL, type ServerKind, type ServerSetup } from './server-kind.ts';

export type DockerEngine = { client: ContainerRuntimeClient; hasImage(kind: ServerKind): Promise<boolean> };

const NATS_CONFIG = '/etc/test-nats.conf';
const POSTGRES_READY = { timeoutMs: 30_000, what: 'postgres in its container' };
/** Nothing survives a crash of the machine: faster, and enough for tests. */
const POSTGRES_SETTINGS = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'max_connections=300'];

// The reaper is an image of its own that an engine may not have; what a crashed run leaves is swept by the next one.
process.env['TESTCONTAINERS_RYUK_DISABLED'] ??= 'true';

/** Undefined when no engine answers. */
export async function findDocker(): Promise<DockerEngine | undefined> {
  try {
    const client = await getContainerRuntimeClient();
    return { client, hasImage: (kind) => client.image.exists(ImageName.fromString(IMAGES[kind])) };
  } catch {
    return undefined; // No engine, or none that we may use: the caller decides whether that is a failure.
  }
}

/** Removes containers of test runs on this machine that were killed. */
export async function sweepDocker(engine: DockerEngine): Promise<void> {
  const { dockerode } = engine.client.container;
  const found = await dockerode.listContainers({ all: true, filters: { label: [OWNER_LABEL] } });
  for (const info of found) {
    const [host, pid] = (info.Labels[OWNER_LABEL] ?? '').split('/');
    if (host !== hostname() || pid === undefined || isAlive(Number(pid))) continue;
    await dockerode.getContainer(info.Id).remove({ force: true, v: true });
  }
}

export async function startInDocker(kind: ServerKind, options: ServerSetup): Promise<TestServer> {
  const { password, natsAuthorization } = options;
  switch (kind) {
    case 'postgres':
      return untilQueried(
        await toServer(postgres(password), 5432, (address) => `postgres://postgres:${password}@${address}/postgres`),
      );
    case 'nats':
      return toServer(nats(natsAuthorization), 4222, (address) => `nats://${address}`);
    case 'redis':
      return toServer(redis(), 6379, (address) => `redis://${address}`);
    default:
      return kind satisfies never;
  }
}

/** An image that initialises itself logs that it is ready before it starts again with its port open. */
async function untilQueried(server: TestServer): Promise<TestServer> {
  try {
    await waitUntil(() => asAdmin(server.url, async (client) => void (await client.query('select 1'))), POSTGRES_READY);
    return server;
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

function postgres(password: string): GenericContainer {
  return labelled('postgres')
    .withEnvironment({ POSTGRES_PASSWORD: password })
    .withTmpFs({ '/var/lib/postgresql/data': 'rw' })
    .withCommand(['postgres', ...POSTGRES_SETTINGS.flatMap((setting) => ['-c', setting])])
    .withExposedPorts(5432)
    .withWaitStrategy(Wait.forLogMessage(/ready to accept connections/));
}

function nats(authorization: string): GenericContainer {
  const config = `max_payload: 1048576\njetstream { store_dir: "/tmp/jetstream" }\n${authorization}\n`;
  return labelled('nats')
    .withCopyContentToContainer([{ content: config, target: NATS_CONFIG }])
    .withCommand(['--config', NATS_CONFIG])
    .withExposedPorts(4222)
    .withWaitStrategy(Wait.forLogMessage(/Server is ready/));
}

function redis(): GenericContainer {
  return labelled('redis')
    .withCommand(['redis-server', '--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction'])
    .withExposedPorts(6379)
    .withWaitStrategy(Wait.forLogMessage(/Ready to accept connections/));
}

function labelled(kind: ServerKind): GenericContainer {
  return new GenericContainer(IMAGES[kind]).withLabels({ [OWNER_LABEL]: `${hostname()}/${process.pid}` });
}

async function toServer(
  container: GenericContainer,
  port: number,
  url: (address: string) => string,
): Promise<TestServer> {
  const started = await container.start();
  return {
    url: url(`${started.getHost()}:${started.getMappedPort(port)}`),
    from: 'docker',
    [Symbol.asyncDispose]: async () => void (await started.stop({ removeVolumes: true })),
  };
}
