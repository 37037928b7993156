import type { BillingDeps } from '../ports.ts';
import type { Webhook, WebhookRefusalReason } from './ports.ts';
import { syncRecharge } from './sync-recharge.ts';

export type WebhookOutcome =
  | { kind: 'synced'; rechargeId: string }
  /** Proven, but about nothing of ours: answered with success, so that it does not come again. */
  | { kind: 'ignored' }
  | { kind: 'refused'; reason: WebhookRefusalReason | 'recharge_channel_unavailable' };

/**
 * Takes news of a provider. A webhook only says where to look: what is booked is what the provider answers when asked,
 * so webhooks that are lost, doubled or out of order change nothing.
 */
export async function receiveWebhook(
  deps: BillingDeps,
  command: { channel: string; webhook: Webhook },
): Promise<WebhookOutcome> {
  const channel = deps.channels.get(command.channel);
  if (channel?.kind !== 'waiting' || channel.readWebhook === undefined) {
    return { kind: 'refused', reason: 'recharge_channel_unavailable' };
  }
  const reading = channel.readWebhook(command.webhook);
  if (reading.kind === 'refused') return reading;
  if (reading.kind === 'irrelevant') return { kind: 'ignored' };
  const { providerId, rechargeId } = reading;
  const known = await deps.reads.rechargeOfProvider(channel.name, providerId);
  const named = known ?? (rechargeId === '' ? undefined : await deps.reads.recharge(rechargeId));
  const isOurs = named?.channel === channel.name && (named.providerId === '' || named.providerId === providerId);
  if (named === undefined || !isOurs) return { kind: 'ignored' };
  await syncRecharge(deps, named.id, providerId);
  return { kind: 'synced', rechargeId: named.id };
}
