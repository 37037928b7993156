import { type ClientTls, createGrpcClient } from '@suanli/grpc-kit';
import { CreditAdminServiceClient } from '@suanli/proto/suanli/billing/internal/v1/credit_admin.ts';
import { UsageServiceClient } from '@suanli/proto/suanli/billing/internal/v1/ledger.ts';
import { LedgerServiceClient } from '@suanli/proto/suanli/billing/internal/v1/transfer.ts';
import { ProviderWebhookServiceClient } from '@suanli/proto/suanli/billing/internal/v1/webhook.ts';
import { BankTransferServiceClient, RechargeServiceClient } from '@suanli/proto/suanli/billing/v1/recharge.ts';
import { CreditServiceClient } from '@suanli/proto/suanli/billing/v1/credits.ts';
import { BudgetServiceClient } from '@suanli/proto/suanli/billing/v1/budget.ts';
import { StandingServiceClient } from '@suanli/proto/suanli/billing/v1/standing.ts';
import {
  PriceBookServiceClient,
  ProvenanceServiceClient,
  QuoteServiceClient,
} from '@suanli/proto/suanli/billing/v1/price.ts';
import { DocumentServiceClient } from '@suanli/proto/suanli/billing/v1/document.ts';
import { OrderServiceClient, PlanServiceClient } from '@suanli/proto/suanli/billing/v1/plan.ts';
import { RefundServiceClient } from '@suanli/proto/suanli/billing/v1/refund.ts';
import { PriceServiceClient, WalletServiceClient } from '@suanli/proto/suanli/billing/v1/wallet.ts';
import { CorpusServiceClient } from '@suanli/proto/suanli/modelhub/v1/corpus.ts';
import { RepositoryServiceClient } from '@suanli/proto/suanli/modelhub/v1/repository.ts';
import { RouteServiceClient } from '@suanli/proto/suanli/modelhub/v1/route.ts';
import { ComputeServiceClient } from '@suanli/proto/suanli/scheduler/v1/compute.ts';
import { JobServiceClient } from '@suanli/proto/suanli/scheduler/v1/job.ts';
import {
  DefinitionServiceClient,
  HumanTaskServiceClient,
  RunServiceClient,
} from '@suanli/proto/suanli/workflow/v1/workflow.ts';

/** host:port of each service's internal listener. */
export type DownstreamAddresses = {
  BILLING_ADDRESS: string;
  SCHEDULER_ADDRESS: string;
  WORKFLOW_ADDRESS: string;
  MODEL_HUB_ADDRESS: string;
};

/** A call that names no deadline of its own. */
const DEFAULT_DEADLINE_MS = 10_000;

/** Clients of the public packages of the other services, on their internal listeners. */
export type Downstream = ReturnType<typeof connectDownstream>;

export function connectDownstream(
  addresses: DownstreamAddresses,
  tls: ClientTls,
  boot: { use<T extends AsyncDisposable>(client: T): T },
) {
  const at = (address: string, peer: string) => ({ address, tls, peer, defaultDeadlineMs: DEFAULT_DEADLINE_MS });
  const billing = at(addresses.BILLING_ADDRESS, 'billing');
  const scheduler = at(addresses.SCHEDULER_ADDRESS, 'scheduler');
  const workflow = at(addresses.WORKFLOW_ADDRESS, 'workflow');
  const modelHub = at(addresses.MODEL_HUB_ADDRESS, 'model-hub');
  return {
    wallet: boot.use(createGrpcClient(WalletServiceClient, billing)),
    recharges: boot.use(createGrpcClient(RechargeServiceClient, billing)),
    bankTransfers: boot.use(createGrpcClient(BankTransferServiceClient, billing)),
    providerWebhooks: boot.use(createGrpcClient(ProviderWebhookServiceClient, billing)),
    credits: boot.use(createGrpcClient(CreditServiceClient, billing)),
    creditAdmin: boot.use(createGrpcClient(CreditAdminServiceClient, billing)),
    ledger: boot.use(createGrpcClient(LedgerServiceClient, billing)),
    budgets: boot.use(createGrpcClient(BudgetServiceClient, billing)),
    standing: boot.use(createGrpcClient(StandingServiceClient, billing)),
    plans: boot.use(createGrpcClient(PlanServiceClient, billing)),
    orders: boot.use(createGrpcClient(OrderServiceClient, billing)),
    documents: boot.use(createGrpcClient(DocumentServiceClient, billing)),
    refunds: boot.use(createGrpcClient(RefundServiceClient, billing)),
    prices: boot.use(createGrpcClient(PriceServiceClient, billing)),
    priceBook: boot.use(createGrpcClient(PriceBookServiceClient, billing)),
    quotes: boot.use(createGrpcClient(QuoteServiceClient, billing)),
    provenance: boot.use(createGrpcClient(ProvenanceServiceClient, billing)),
    usage: boot.use(createGrpcClient(UsageServiceClient, billing)),
    compute: boot.use(createGrpcClient(ComputeServiceClient, scheduler)),
    jobs: boot.use(createGrpcClient(JobServiceClient, scheduler)),
    definitions: boot.use(createGrpcClient(DefinitionServiceClient, workflow)),
    runs: boot.use(createGrpcClient(RunServiceClient, workflow)),
    humanTasks: boot.use(createGrpcClient(HumanTaskServiceClient, workflow)),
    repositories: boot.use(createGrpcClient(RepositoryServiceClient, modelHub)),
    corpora: boot.use(createGrpcClient(CorpusServiceClient, modelHub)),
    routes: boot.use(createGrpcClient(RouteServiceClient, modelHub)),
  };
}
