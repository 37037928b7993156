import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGrpcClient } from '@suanli/grpc-kit';
import type { Role, TenantPath } from '@suanli/kernel';
import { HubServiceClient } from '@suanli/proto/suanli/modelhub/internal/v1/hub.ts';
import { CorpusServiceClient } from '@suanli/proto/suanli/modelhub/v1/corpus.ts';
import { RepositoryServiceClient } from '@suanli/proto/suanli/modelhub/v1/repository.ts';
import { RouteServiceClient } from '@suanli/proto/suanli/modelhub/v1/route.ts';
import { silentLogger, testBus, testDatabase, testTls, testTokens } from '@suanli/test-kit';
import { MIGRATIONS_FOLDER } from '../src/adapters/postgres/migrations-folder.ts';
import { modelHubEnv } from '../src/config.ts';
import { createModelHub, type ModelHub, type ModelHubOverrides } from '../src/service.ts';
import { aTenant } from '../src/testing/build.ts';

const DEADLINE_MS = 20_000;
/** Tests put the real address in its place: only path and query are signed. */
const DATA_URL = 'http://data.test';

/** Real Postgres and NATS, certificates and tokens: everything around a model hub. */
export async function startSurroundings() {
  await using boot = new AsyncDisposableStack();
  const database = boot.use(await testDatabase({ service: 'model-hub', migrationsFolder: MIGRATIONS_FOLDER }));
  const bus = boot.use(await testBus('model-hub'));
  const tls = boot.use(await testTls());
  const tokens = boot.use(await testTokens());
  const blobDir = await mkdtemp(join(tmpdir(), 'suanli-hub-'));
  boot.defer(() => rm(blobDir, { recursive: true, force: true }));
  const files = await tls.issueFiles('model-hub');
  const env: Record<string, string> = {
    LOG_LEVEL: 'warn',
    GRPC_INTERNAL_ADDRESS: '127.0.0.1:0',
    GRPC_PARTNER_ADDRESS: '127.0.0.1:0',
    JWKS_URL: tokens.jwksUrl,
    TLS_CA_FILE: files.caFile,
    TLS_CERT_FILE: files.certFile,
    TLS_KEY_FILE: files.keyFile,
    OPS_ADDRESS: '127.0.0.1:0',
    DATABASE_URL: database.url,
    NATS_URL: bus.url,
    NATS_USER: bus.user,
    NATS_PASSWORD: bus.password,
    DATA_ADDRESS: '127.0.0.1:0',
    DATA_URL,
    BLOB_DIR: blobDir,
    URL_SIGNING_KEY: randomBytes(32).toString('base64'),
  };
  const owned = boot.move();
  return { database, bus, tls, tokens, env, blobDir, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

export type Surroundings = Awaited<ReturnType<typeof startSurroundings>>;

export async function startHub(
  around: Surroundings,
  env: Record<string, string> = {},
  overrides: Partial<ModelHubOverrides> = {},
): Promise<ModelHub> {
  const config = modelHubEnv.parse({ ...around.env, ...env });
  const hub = await createModelHub(config, { logger: silentLogger, ...overrides });
  await hub.start();
  return hub;
}

/** Clients as others have them: partners with a token, services with a certificate. */
export async function connect(around: Surroundings, hub: Pick<ModelHub, 'addresses'>) {
  const defaultDeadlineMs = DEADLINE_MS;
  const partner = { address: hub.addresses.partner ?? '', defaultDeadlineMs };
  const internal = async (service: string) => {
    const { ca, cert, key } = await around.tls.issue(service);
    const tls = { ca: Buffer.from(ca), cert: Buffer.from(cert), key: Buffer.from(key) };
    return createGrpcClient(HubServiceClient, {
      address: hub.addresses.internal,
      tls,
      peer: 'model-hub',
      defaultDeadlineMs,
    });
  };
  return {
    repositories: createGrpcClient(RepositoryServiceClient, partner),
    corpora: createGrpcClient(CorpusServiceClient, partner),
    routes: createGrpcClient(RouteServiceClient, partner),
    internal,
    as: async (tenant: Partial<TenantPath> = {}, role: Role = 'owner') => ({
      token: await around.tokens.mint({ tenant: aTenant(tenant), role }),
    }),
    /** A granted URL at the address where this hub really listens. */
    at: (url: string) => url.replace(DATA_URL, `http://${hub.addresses.data}`),
  };
}
