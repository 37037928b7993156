import { internalHandler, refuse, unary } from '@suanli/grpc-kit';
import {
  ProviderWebhookServiceService,
  type ProviderWebhookServiceServer,
} from '@suanli/proto/suanli/billing/internal/v1/webhook.ts';
import type { BillingDeps } from '../../../app/ports.ts';
import { receiveWebhook } from '../../../app/recharges/receive-webhook.ts';
import { askingProvider, webhookRefusal } from './recharge-refusals.ts';

/** News of payment providers, as the gateway got them. */
export function providerWebhookService(deps: BillingDeps) {
  const access = internalHandler({ callers: ['gateway'] });
  const implementation: ProviderWebhookServiceServer = {
    receiveProviderWebhook: unary(access, async (_ctx, { channel, body, headers }) => {
      const outcome = await askingProvider(receiveWebhook(deps, { channel, webhook: { body, headers } }));
      if (outcome.kind === 'refused') return refuse(webhookRefusal(outcome.reason));
      return { rechargeId: outcome.kind === 'synced' ? outcome.rechargeId : '' };
    }),
  };
  return { definition: ProviderWebhookServiceService, implementation };
}
