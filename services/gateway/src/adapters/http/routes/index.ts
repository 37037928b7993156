import type { HttpApp, Routes } from '../create-http-app.ts';
import type { HttpDeps } from '../http-deps.ts';
import { chatRoutes } from '../openai/chat-completions.ts';
import { modelRoutes } from '../openai/models.ts';
import { accountRoutes } from './account/accounts.ts';
import { apiKeyRoutes } from './account/api-keys.ts';
import { auditEventRoutes } from './account/audit-events.ts';
import { memberRoutes } from './account/members.ts';
import { meRoutes } from './account/me.ts';
import { tokenRoutes } from './account/tokens.ts';
import { workspaceRoutes } from './account/workspaces.ts';
import { bankTransferRoutes } from './billing/bank-transfers.ts';
import { billRoutes } from './billing/bills.ts';
import { budgetRoutes } from './billing/guard/budgets.ts';
import { documentRoutes as billingDocumentRoutes } from './billing/commerce/documents.ts';
import { downloadRoutes } from './billing/commerce/downloads.ts';
import { planRoutes } from './billing/commerce/plans.ts';
import { refundRoutes } from './billing/commerce/refunds.ts';
import { subscriptionRoutes } from './billing/commerce/subscriptions.ts';
import { creditAdminRoutes } from './billing/credit-admin.ts';
import { creditRoutes } from './billing/credits.ts';
import { standingRoutes } from './billing/guard/standing.ts';
import { transferRoutes } from './billing/ledger/transfers.ts';
import { priceBookRoutes } from './billing/price-book.ts';
import { parkedUsageRoutes } from './billing/parked-usage.ts';
import { provenanceRoutes } from './billing/provenance.ts';
import { providerWebhookRoutes } from './billing/provider-webhooks.ts';
import { rechargeRoutes } from './billing/recharges.ts';
import { walletRoutes } from './billing/wallet.ts';
import { jobEventRoutes } from './compute/job-events.ts';
import { jobLogRoutes } from './compute/job-logs.ts';
import { jobRoutes } from './compute/jobs.ts';
import { marketRoutes } from './compute/market.ts';
import { commitRoutes } from './hub/commits.ts';
import { corpusRoutes } from './hub/corpora.ts';
import { documentRoutes } from './hub/documents.ts';
import { fileRoutes } from './hub/files.ts';
import { modelRouteRoutes } from './hub/model-routes.ts';
import { repositoryRoutes } from './hub/repositories.ts';
import { uploadRoutes } from './hub/uploads.ts';
import { platformRoutes } from './platform/platform.ts';
import { webhookDeliveryRoutes } from './webhooks/deliveries.ts';
import { webhookEndpointRoutes } from './webhooks/endpoints.ts';
import { humanTaskRoutes } from './workflow/human-tasks.ts';
import { runEventRoutes } from './workflow/run-events.ts';
import { runRoutes } from './workflow/runs.ts';
import { stepRoutes } from './workflow/steps.ts';
import { workflowRoutes } from './workflow/workflows.ts';

/** All routes of the public listener, by board. */
const ROUTES: readonly Routes[] = [
  platformRoutes,
  ...[meRoutes, accountRoutes, workspaceRoutes, memberRoutes, apiKeyRoutes, tokenRoutes, auditEventRoutes],
  ...[rechargeRoutes, bankTransferRoutes, providerWebhookRoutes],
  ...[planRoutes, subscriptionRoutes, billingDocumentRoutes, downloadRoutes, refundRoutes],
  ...[walletRoutes, billRoutes, provenanceRoutes, priceBookRoutes, parkedUsageRoutes, budgetRoutes, standingRoutes],
  ...[creditRoutes, creditAdminRoutes, transferRoutes],
  ...[marketRoutes, jobRoutes, jobEventRoutes, jobLogRoutes],
  ...[workflowRoutes, runRoutes, stepRoutes, runEventRoutes, humanTaskRoutes],
  ...[repositoryRoutes, commitRoutes, uploadRoutes, fileRoutes, corpusRoutes, documentRoutes, modelRouteRoutes],
  ...[webhookEndpointRoutes, webhookDeliveryRoutes],
  ...[modelRoutes, chatRoutes],
];

export async function registerRoutes(app: HttpApp, deps: HttpDeps): Promise<void> {
  for (const routes of ROUTES) await routes(app, deps);
}
