import { createGrpcClient } from '@suanli/grpc-kit';
import { type Clock, systemIds, type TenantPath } from '@suanli/kernel';
import { CreditAdminServiceClient } from '@suanli/proto/suanli/billing/internal/v1/credit_admin.ts';
import {
  HoldServiceClient,
  PricingServiceClient,
  UsageServiceClient,
} from '@suanli/proto/suanli/billing/internal/v1/ledger.ts';
import { ProviderWebhookServiceClient } from '@suanli/proto/suanli/billing/internal/v1/webhook.ts';
import { BankTransferServiceClient, RechargeServiceClient } from '@suanli/proto/suanli/billing/v1/recharge.ts';
import { DocumentServiceClient } from '@suanli/proto/suanli/billing/v1/document.ts';
import { OrderServiceClient, PlanServiceClient } from '@suanli/proto/suanli/billing/v1/plan.ts';
import { RefundServiceClient } from '@suanli/proto/suanli/billing/v1/refund.ts';
import { BudgetServiceClient } from '@suanli/proto/suanli/billing/v1/budget.ts';
import { StandingServiceClient } from '@suanli/proto/suanli/billing/v1/standing.ts';
import { CreditServiceClient } from '@suanli/proto/suanli/billing/v1/credits.ts';
import { QuoteDeskServiceClient } from '@suanli/proto/suanli/billing/internal/v1/quote.ts';
import {
  PriceBookServiceClient,
  ProvenanceServiceClient,
  QuoteServiceClient,
} from '@suanli/proto/suanli/billing/v1/price.ts';
import { PriceServiceClient, WalletServiceClient } from '@suanli/proto/suanli/billing/v1/wallet.ts';
import { UsageRecorded } from '@suanli/proto/suanli/events/v1/usage.ts';
import { EVENTS, type ServiceName, streamSubjects } from '@suanli/proto/subjects';
import { parseEnv } from '@suanli/service-kit';
import {
  silentLogger,
  type TestBus,
  type TestDatabase,
  testBus,
  testDatabase,
  testTls,
  testTokens,
} from '@suanli/test-kit';
import { fileURLToPath } from 'node:url';
import { MIGRATIONS_FOLDER } from '../src/adapters/postgres/migrations-folder.ts';
import { type BillingConfig, billingEnv } from '../src/config.ts';
import { type Billing, createBilling } from '../src/service.ts';

const PRICES_FILE = fileURLToPath(new URL('../../../deploy/catalogue/prices.yaml', import.meta.url));
const PLANS_FILE = fileURLToPath(new URL('../../../deploy/catalogue/plans.yaml', import.meta.url));
const DAY_MS = 86_400_000;
const DEADLINE_MS = 10_000;

export type Platform = AsyncDisposable & {
  database: TestDatabase;
  bus: TestBus;
  /** A replica in this process. */
  start(changes?: Partial<BillingConfig>, clock?: Clock): Promise<Billing>;
  /** What a replica in its own process reads. */
  environment(): Record<string, string>;
  /** Clients with the certificate of `service`, against one replica. */
  clients(billing: Billing, service?: string): Promise<Clients>;
  /** A certificate of this service. */
  identity(service: string): Promise<{ ca: string; cert: string; key: string }>;
  token(tenant: TenantPath, scopes?: readonly string[]): Promise<string>;
  /** The operator belongs to no account. */
  operatorToken(): Promise<string>;
  publishUsage(service: ServiceName, usage: Partial<UsageRecorded>, eventId?: string): Promise<void>;
  publish(subject: string, payload: unknown, eventId?: string): Promise<void>;
};

export type Clients = Awaited<ReturnType<typeof connectClients>>;

/** Real servers and the streams that billing consumes, without any of the services that publish there. */
export async function startPlatform(own: { database?: TestDatabase } = {}): Promise<Platform> {
  await using boot = new AsyncDisposableStack();
  const database = boot.use(
    own.database ?? (await testDatabase({ service: 'billing', migrationsFolder: MIGRATIONS_FOLDER })),
  );
  const bus = boot.use(await testBus());
  const tls = boot.use(await testTls());
  const tokens = boot.use(await testTokens());
  for (const name of ['gateway', 'scheduler', 'modelhub'] as const) {
    await bus.ensureStream({ name, subjects: streamSubjects(name), maxAgeMs: DAY_MS, discard: 'new' });
  }
  const files = await tls.issueFiles('billing');
  const owned = boot.move();
  const environment = () => environmentOf({ databaseUrl: database.url, bus, files, jwksUrl: tokens.jwksUrl });
  const publish = async (subject: string, payload: unknown, eventId = systemIds.next('evt')) => {
    const headers = {
      'ce-specversion': '1.0',
      'ce-id': eventId,
      'ce-type': subject,
      'ce-source': '/suanli/test',
      'ce-time': new Date().toISOString(),
      'ce-aggregateid': 'test',
      'ce-aggregateversion': '1',
    };
    // A message id of its own each time: the stream must not hide the second delivery from the consumer.
    await bus.publish(subject, new TextEncoder().encode(JSON.stringify(payload)), headers, {
      msgId: systemIds.next('msg'),
    });
  };
  return {
    database,
    bus,
    publish,
    environment,
    async start(changes = {}, clock) {
      const config = { ...parseConfig(environment()), ...changes };
      const billing = await createBilling(config, { logger: silentLogger, ...(clock !== undefined && { clock }) });
      await billing.start();
      return billing;
    },
    clients: async (billing, service = 'scheduler') =>
      connectClients(billing.addresses.internal, await tls.issue(service), owned),
    identity: (service) => tls.issue(service),
    token: (tenant, scopes = ['*']) => tokens.mint({ tenant, scopes }),
    operatorToken: () => tokens.mint({ tenant: NOBODY, role: 'operator', scopes: ['*'] }),
    publishUsage: (service, usage, eventId) =>
      publish(`suanli.${service}.usage.recorded.v1`, UsageRecorded.toJSON(UsageRecorded.fromPartial(usage)), eventId),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const NOBODY: TenantPath = { accountId: '', workspaceId: '', principalId: 'operator' };

export const ACCOUNT_OPENED = EVENTS.accountOpened.subject;

export function aTenant(name = systemIds.next('acc')): TenantPath {
  return { accountId: name, workspaceId: `wsp_of_${name}`, principalId: `key_of_${name}` };
}

export function tenantMessage(tenant: TenantPath) {
  return { subAccountId: '', ...tenant };
}

function connectClients(address: string, tls: { ca: string; cert: string; key: string }, owner: AsyncDisposableStack) {
  const options = { address, tls, defaultDeadlineMs: DEADLINE_MS };
  return {
    plans: owner.use(createGrpcClient(PlanServiceClient, options)),
    orders: owner.use(createGrpcClient(OrderServiceClient, options)),
    documents: owner.use(createGrpcClient(DocumentServiceClient, options)),
    refunds: owner.use(createGrpcClient(RefundServiceClient, options)),
    credits: owner.use(createGrpcClient(CreditServiceClient, options)),
    creditAdmin: owner.use(createGrpcClient(CreditAdminServiceClient, options)),
    wallet: owner.use(createGrpcClient(WalletServiceClient, options)),
    recharges: owner.use(createGrpcClient(RechargeServiceClient, options)),
    bankTransfers: owner.use(createGrpcClient(BankTransferServiceClient, options)),
    webhooks: owner.use(createGrpcClient(ProviderWebhookServiceClient, options)),
    budget: owner.use(createGrpcClient(BudgetServiceClient, options)),
    standing: owner.use(createGrpcClient(StandingServiceClient, options)),
    price: owner.use(createGrpcClient(PriceServiceClient, options)),
    hold: owner.use(createGrpcClient(HoldServiceClient, options)),
    pricing: owner.use(createGrpcClient(PricingServiceClient, options)),
    usage: owner.use(createGrpcClient(UsageServiceClient, options)),
    priceBook: owner.use(createGrpcClient(PriceBookServiceClient, options)),
    quotes: owner.use(createGrpcClient(QuoteServiceClient, options)),
    quoteDesk: owner.use(createGrpcClient(QuoteDeskServiceClient, options)),
    provenance: owner.use(createGrpcClient(ProvenanceServiceClient, options)),
  };
}

function parseConfig(environment: Record<string, string>): BillingConfig {
  const parsed = parseEnv(billingEnv, environment);
  if (parsed.kind === 'bad') throw new Error(parsed.problems.join('\n'));
  return parsed.config;
}

type Infrastructure = {
  databaseUrl: string;
  bus: TestBus;
  files: { caFile: string; certFile: string; keyFile: string };
  jwksUrl: string;
};

function environmentOf({ databaseUrl, bus, files, jwksUrl }: Infrastructure): Record<string, string> {
  return {
    DATABASE_URL: databaseUrl,
    NATS_URL: bus.url,
    NATS_USER: bus.user,
    NATS_PASSWORD: bus.password,
    OPS_ADDRESS: '127.0.0.1:0',
    GRPC_INTERNAL_ADDRESS: '127.0.0.1:0',
    GRPC_PARTNER_ADDRESS: '127.0.0.1:0',
    TLS_CA_FILE: files.caFile,
    TLS_CERT_FILE: files.certFile,
    TLS_KEY_FILE: files.keyFile,
    JWKS_URL: jwksUrl,
    REPLICA_ID: systemIds.next('replica'),
    SUANLI_DEV: '1',
    PRICES_FILE,
    PLANS_FILE,
  };
}
