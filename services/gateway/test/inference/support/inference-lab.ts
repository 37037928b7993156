import { createGrpcServer, internalHandler, unary } from '@suanli/grpc-kit';
import { outbox } from '@suanli/postgres';
import { UsageRecorded } from '@suanli/proto/suanli/events/v1/usage.ts';
import { type HubServiceServer, HubServiceService } from '@suanli/proto/suanli/modelhub/internal/v1/hub.ts';
import type { Route } from '@suanli/proto/suanli/modelhub/v1/route.ts';
import { EVENTS } from '@suanli/proto/subjects';
import { eventually, silentLogger, type TlsIdentity } from '@suanli/test-kit';
import { eq } from 'drizzle-orm';
import OpenAI from 'openai';
import type { Gateway } from '../../../src/service.ts';
import { gatewayLab, type Lab, type Tenant } from '../../support/gateway-lab.ts';
import { type FakeBilling, fakeBilling, INPUT_MICROS, OUTPUT_MICROS } from './fake-billing.ts';
import { type FakeOpenAi, fakeOpenAi } from './fake-openai.ts';

export const MODEL = 'acme/small';
export const OFFLINE = 'suanli-writer';

export type InferenceLab = AsyncDisposable & {
  lab: Lab;
  gateway: Gateway;
  billing: FakeBilling;
  upstream: FakeOpenAi;
  startReplica(env?: Record<string, string>): Promise<Gateway>;
  /** A new account with this much money. */
  openAccount(walletMicros?: bigint): Promise<Tenant>;
  /** The official client. Retries are its own matter: none unless a test wants them. */
  client(tenant: Tenant, options?: { gateway?: Gateway; maxRetries?: number }): OpenAI;
  /** Usage events of an account, recorded so far. */
  usages(tenant: Tenant): Promise<UsageRecorded[]>;
  /** What those usages cost by the price list. */
  spentMicros(tenant: Tenant): Promise<bigint>;
};

/** A gateway with money and models behind it: billing and model hub are fakes, so is the upstream. */
export async function inferenceLab(): Promise<InferenceLab> {
  await using boot = new AsyncDisposableStack();
  const upstream = boot.use(await fakeOpenAi());
  const lab = boot.use(await gatewayLab());
  const billing = boot.use(await fakeBilling(await lab.tls.issue('billing')));
  const hub = boot.use(await fakeHub(await lab.tls.issue('model-hub')));
  const startReplica = async (env: Record<string, string> = {}) => {
    const gateway = await lab.startReplica({
      BILLING_ADDRESS: billing.address,
      MODEL_HUB_ADDRESS: hub.address,
      OPENAI_BASE_URL: upstream.baseUrl,
      OPENAI_API_KEY: 'sk-upstream',
      REQUESTS_PER_MINUTE: '100000',
      STREAMS_PER_KEY: '100',
      ...env,
    });
    const models = async () => {
      const answer = await lab.client(gateway, tenant.key).get('/v1/models');
      return (answer.body as { data: unknown[] }).data.length > 0;
    };
    await eventually(models);
    return gateway;
  };
  const tenant = await lab.openAccount('Probe');
  const gateway = await startReplica();
  const usages = async ({ accountId }: Tenant) => {
    const rows = await lab.database.db
      .select({ payload: outbox.payload })
      .from(outbox)
      .where(eq(outbox.subject, EVENTS.inferenceUsageRecorded.subject));
    return rows
      .map(({ payload }) => UsageRecorded.fromJSON(payload))
      .filter((usage) => usage.tenant?.accountId === accountId);
  };
  const owned = boot.move();
  return {
    ...{ lab, gateway, billing, upstream, startReplica, usages },
    async openAccount(walletMicros = 10_000_000n) {
      const opened = await lab.openAccount();
      billing.fill(opened.accountId, walletMicros);
      return opened;
    },
    client({ key }, { gateway: at = gateway, maxRetries = 0 } = {}) {
      return new OpenAI({ baseURL: `${at.addresses.http}/v1`, apiKey: key, maxRetries, timeout: 20_000 });
    },
    async spentMicros(of) {
      const readings = (await usages(of)).flatMap((usage) => usage.readings);
      return readings.reduce((sum, { meter, quantity }) => sum + quantity * microsOf(meter), 0n);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function microsOf(meter: string): bigint {
  return meter === 'tokens_input' ? INPUT_MICROS : OUTPUT_MICROS;
}

/** The model hub's internal listener with two routes. */
async function fakeHub(tls: TlsIdentity): Promise<AsyncDisposable & { address: string }> {
  const access = internalHandler({ callers: ['gateway'] });
  const updatedAt = new Date('2026-01-01T00:00:00Z');
  const route = { description: 'For tests', version: 1n, updatedAt };
  const routes: Route[] = [
    { ...route, model: MODEL, upstream: 'openai', upstreamModel: 'small-v1', isLanguageModel: true },
    { ...route, model: OFFLINE, upstream: 'offline-writer', upstreamModel: 'writer', isLanguageModel: false },
  ];
  const implementation: HubServiceServer = {
    snapshotRoutes: unary(access, async () => ({ routes })),
    searchForTenant: unary(access, async () => ({ hits: [] })),
    resolveRevision: unary(access, async () => ({ repositoryId: '', revision: '' })),
  };
  const server = createGrpcServer({
    address: '127.0.0.1:0',
    tls: { ca: Buffer.from(tls.ca), cert: Buffer.from(tls.cert), key: Buffer.from(tls.key) },
    services: [{ definition: HubServiceService, implementation }],
    logger: silentLogger,
  });
  return {
    address: `127.0.0.1:${await server.listen()}`,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
