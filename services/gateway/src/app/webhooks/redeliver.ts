import type { CallContext } from '@suanli/kernel';
import type { WebhookDelivery } from '../../domain/webhook/webhook.ts';
import { type Outcome, runOnce } from '../run-once.ts';
import type { WebhookDeps } from './ports.ts';

/** Sends a delivery again, from its first try on: the same bytes under the same id, signed anew. */
export async function redeliver(
  deps: WebhookDeps,
  ctx: CallContext,
  deliveryId: string,
): Promise<Outcome<WebhookDelivery, 'webhook_delivery_not_found' | 'webhook_endpoint_disabled'>> {
  const { accountId } = ctx.tenant;
  const outcome = await runOnce(deps, ctx, { name: 'redeliver-webhook', body: { deliveryId } }, async (tx) => {
    const delivery = await deps.deliveries(tx).get(accountId, deliveryId);
    if (delivery === undefined) return { kind: 'refused', reason: 'webhook_delivery_not_found' };
    const endpoint = await deps.endpoints(tx).get(accountId, delivery.endpointId);
    if (endpoint?.status !== 'enabled') return { kind: 'refused', reason: 'webhook_endpoint_disabled' };
    const now = deps.clock.now();
    await deps.deliveries(tx).restart(deliveryId, now);
    const restarted: WebhookDelivery = { ...delivery, status: 'pending', attempts: 0, nextAt: now, updatedAt: now };
    return { kind: 'done', value: restarted };
  });
  deps.committed();
  return outcome;
}
