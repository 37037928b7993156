import { createHash, randomBytes } from 'node:crypto';
import type { ServiceDefinition } from '@grpc/grpc-js';
import type { Logger } from '@suanli/kernel';
import { CreditAdminServiceService } from '@suanli/proto/suanli/billing/internal/v1/credit_admin.ts';
import { LedgerServiceService } from '@suanli/proto/suanli/billing/internal/v1/transfer.ts';
import { ProviderWebhookServiceService } from '@suanli/proto/suanli/billing/internal/v1/webhook.ts';
import { BankTransferServiceService, RechargeServiceService } from '@suanli/proto/suanli/billing/v1/recharge.ts';
import { CreditServiceService } from '@suanli/proto/suanli/billing/v1/credits.ts';
import { DocumentServiceService } from '@suanli/proto/suanli/billing/v1/document.ts';
import { OrderServiceService, PlanServiceService } from '@suanli/proto/suanli/billing/v1/plan.ts';
import { RefundServiceService } from '@suanli/proto/suanli/billing/v1/refund.ts';
import { BudgetServiceService } from '@suanli/proto/suanli/billing/v1/budget.ts';
import { StandingServiceService } from '@suanli/proto/suanli/billing/v1/standing.ts';
import { UsageServiceService } from '@suanli/proto/suanli/billing/internal/v1/ledger.ts';
import {
  PriceBookServiceService,
  ProvenanceServiceService,
  QuoteServiceService,
} from '@suanli/proto/suanli/billing/v1/price.ts';
import { PriceServiceService, WalletServiceService } from '@suanli/proto/suanli/billing/v1/wallet.ts';
import { CorpusServiceService } from '@suanli/proto/suanli/modelhub/v1/corpus.ts';
import { RepositoryServiceService } from '@suanli/proto/suanli/modelhub/v1/repository.ts';
import { RouteServiceService } from '@suanli/proto/suanli/modelhub/v1/route.ts';
import { ComputeServiceService } from '@suanli/proto/suanli/scheduler/v1/compute.ts';
import { JobServiceService } from '@suanli/proto/suanli/scheduler/v1/job.ts';
import {
  DefinitionServiceService,
  HumanTaskServiceService,
  RunServiceService,
} from '@suanli/proto/suanli/workflow/v1/workflow.ts';
import {
  redisUrl,
  silentLogger,
  type TestBus,
  type TestDatabase,
  type TestTls,
  testBus,
  testDatabase,
  testTls,
} from '@suanli/test-kit';
import { MIGRATIONS_FOLDER } from '../../src/adapters/postgres/migrations-folder.ts';
import { gatewayEnv } from '../../src/config.ts';
import { createGateway, type Gateway } from '../../src/service.ts';
import { type Answers, type FakeServices, fakeServices } from './fake-services.ts';
import { restClient, type RestClient } from './rest-client.ts';

export type LabAnswers = Partial<
  Record<
    | 'wallet'
    | 'prices'
    | 'priceBook'
    | 'quotes'
    | 'provenance'
    | 'usage'
    | 'budgets'
    | 'credits'
    | 'creditAdmin'
    | 'ledger'
    | 'standing'
    | 'recharges'
    | 'bankTransfers'
    | 'providerWebhooks'
    | 'compute'
    | 'jobs'
    | 'definitions'
    | 'runs'
    | 'humanTasks'
    | 'repositories'
    | 'corpora'
    | 'plans'
    | 'orders'
    | 'documents'
    | 'refunds'
    | 'routes',
    Answers
  >
>;

export type Lab = AsyncDisposable & {
  database: TestDatabase;
  bus: TestBus;
  tls: TestTls;
  gateway: Gateway;
  operator: RestClient;
  /** Another replica on the same database, broker and Redis. */
  startReplica(env?: Record<string, string>): Promise<Gateway>;
  /** A client with a key of a new account that may do everything. */
  openAccount(name?: string): Promise<Tenant>;
  client(gateway: Gateway, key: string): RestClient;
};
export type Tenant = {
  rest: RestClient;
  key: string;
  keyId: string;
  accountId: string;
  workspaceId: string;
  memberId: string;
};

const OPERATOR_KEY = `sok_${randomBytes(32).toString('base64url')}`;
const MASTER_KEY = randomBytes(32).toString('base64');

/** A gateway on real PostgreSQL, Redis and NATS, with tiny gRPC servers in the place of the four other services. */
export async function gatewayLab(
  options: { answers?: LabAnswers; env?: Record<string, string>; logger?: Logger } = {},
): Promise<Lab> {
  await using boot = new AsyncDisposableStack();
  const database = boot.use(await testDatabase({ service: 'gateway', migrationsFolder: MIGRATIONS_FOLDER }));
  const bus = boot.use(await testBus('gateway-lab'));
  const tls = boot.use(await testTls());
  const gateways: Gateway[] = [];
  // Made last, so that they stop before what they stand on; replicas join it while a test runs.
  const replicas = new AsyncDisposableStack();
  const jwksUrl = () => `${gateways[0]?.addresses.http}/.well-known/jwks.json`;
  const { answers = {} } = options;
  const start = async (service: string, parts: [ServiceDefinition, Answers | undefined][]): Promise<FakeServices> =>
    boot.use(
      await fakeServices({
        tls: await tls.issue(service),
        jwksUrl,
        services: parts.map(([definition, given]) => ({ definition, answers: given ?? {} })),
      }),
    );
  const billing = await start('billing', [
    [WalletServiceService, answers.wallet],
    [PriceServiceService, answers.prices],
    [PriceBookServiceService, answers.priceBook],
    [QuoteServiceService, answers.quotes],
    [ProvenanceServiceService, answers.provenance],
    [UsageServiceService, answers.usage],
    [PlanServiceService, answers.plans],
    [OrderServiceService, answers.orders],
    [DocumentServiceService, answers.documents],
    [RefundServiceService, answers.refunds],
    [BudgetServiceService, answers.budgets],
    [CreditServiceService, answers.credits],
    [CreditAdminServiceService, answers.creditAdmin],
    [LedgerServiceService, answers.ledger],
    [StandingServiceService, answers.standing],
    [RechargeServiceService, answers.recharges],
    [BankTransferServiceService, answers.bankTransfers],
    [ProviderWebhookServiceService, answers.providerWebhooks],
  ]);
  const scheduler = await start('scheduler', [
    [ComputeServiceService, answers.compute],
    [JobServiceService, answers.jobs],
  ]);
  const workflow = await start('workflow', [
    [DefinitionServiceService, answers.definitions],
    [RunServiceService, answers.runs],
    [HumanTaskServiceService, answers.humanTasks],
  ]);
  const modelHub = await start('model-hub', [
    [RepositoryServiceService, answers.repositories],
    [CorpusServiceService, answers.corpora],
    [RouteServiceService, answers.routes],
  ]);
  const files = await tls.issueFiles('gateway');
  const env = {
    HTTP_ADDRESS: '127.0.0.1:0',
    PUBLIC_URL: 'http://gateway.test',
    GRPC_INTERNAL_ADDRESS: '127.0.0.1:0',
    GRPC_PARTNER_ADDRESS: '127.0.0.1:0',
    OPS_ADDRESS: '127.0.0.1:0',
    TLS_CA_FILE: files.caFile,
    TLS_CERT_FILE: files.certFile,
    TLS_KEY_FILE: files.keyFile,
    DATABASE_URL: database.url,
    NATS_URL: bus.url,
    NATS_USER: bus.user,
    NATS_PASSWORD: bus.password,
    REDIS_URL: redisUrl(),
    // A busy test machine is slow, not without Redis.
    LIMITER_TIMEOUT_MS: '10000',
    MASTER_KEY,
    OPERATOR_KEY_SHA256: createHash('sha256').update(OPERATOR_KEY).digest('hex'),
    BILLING_ADDRESS: billing.address,
    SCHEDULER_ADDRESS: scheduler.address,
    WORKFLOW_ADDRESS: workflow.address,
    MODEL_HUB_ADDRESS: modelHub.address,
    ...options.env,
  };
  const startReplica = async (overrides: Record<string, string> = {}): Promise<Gateway> => {
    const REPLICA_ID = `gateway-${gateways.length + 1}`;
    const config = gatewayEnv.parse({ ...env, REPLICA_ID, ...overrides });
    const gateway = replicas.use(await createGateway(config, { logger: options.logger ?? silentLogger }));
    gateways.push(gateway);
    await gateway.start();
    return gateway;
  };
  const client = (gateway: Gateway, key: string) => restClient(gateway.addresses.http, key);
  boot.use(replicas);
  const gateway = await startReplica();
  const operator = client(gateway, OPERATOR_KEY);
  const openAccount = async (name = 'Acme'): Promise<Tenant> => {
    const opened = await operator.post('/v1/accounts', { name, owner_name: 'Ada' });
    if (opened.status !== 201) throw new Error(`no account: ${opened.text}`);
    const { account, workspace, owner, api_key } = opened.body as Record<string, Record<string, string>>;
    const key = api_key?.['secret'] ?? '';
    return {
      rest: client(gateway, key),
      key,
      keyId: api_key?.['id'] ?? '',
      accountId: account?.['id'] ?? '',
      workspaceId: workspace?.['id'] ?? '',
      memberId: owner?.['id'] ?? '',
    };
  };
  const owned = boot.move();
  return {
    database,
    bus,
    tls,
    gateway,
    operator,
    startReplica,
    openAccount,
    client,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
