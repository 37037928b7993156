import type { CallContext } from '@suanli/kernel';
import { withTransaction } from '@suanli/postgres';
import type { WebhookEndpoint, WebhookEventType } from '../../domain/webhook/webhook.ts';
import { type Outcome, runOnce } from '../run-once.ts';
import type { WebhookDeps } from './ports.ts';

/** Each event is told to all of them. */
const MAX_ENDPOINTS = 20;
/** How long the secret before signs too. */
const SECRET_OVERLAP_MS = 24 * 3_600_000;
/** Binds sealed secrets to their use. */
export const SECRET_PURPOSE = 'webhook-secret';

export type EndpointTerms = { url: string; description: string; eventTypes: readonly WebhookEventType[] };
export type EndpointWithSecret = { endpoint: WebhookEndpoint; secret: string };
type Missing = 'webhook_endpoint_not_found';

/** Makes an endpoint; its secret is shown once. */
export function createEndpoint(
  deps: WebhookDeps,
  ctx: CallContext,
  terms: EndpointTerms,
): Promise<Outcome<EndpointWithSecret, 'webhook_url_refused' | 'too_many_webhook_endpoints'>> {
  const { accountId } = ctx.tenant;
  return runOnce(deps, ctx, { name: 'create-webhook-endpoint', body: terms }, async (tx) => {
    if (deps.sender.refuse(terms.url) !== undefined) return { kind: 'refused', reason: 'webhook_url_refused' };
    const store = deps.endpoints(tx);
    if ((await store.count(accountId)) >= MAX_ENDPOINTS) {
      return { kind: 'refused', reason: 'too_many_webhook_endpoints' };
    }
    const now = deps.clock.now();
    const secret = deps.signer.createSecret();
    const endpoint: WebhookEndpoint = {
      endpointId: deps.ids.next('whk'),
      accountId,
      ...terms,
      status: 'enabled',
      sealedSecret: deps.vault.seal(secret, SECRET_PURPOSE),
      version: 1,
      createdAt: now,
      updatedAt: now,
    };
    await store.insert(endpoint);
    return { kind: 'done', value: { endpoint, secret } };
  });
}

export type EndpointChange = Partial<EndpointTerms> & { status?: 'enabled' | 'disabled'; ifVersion?: number };

/** Changes where it goes, what it hears, or whether it is told at all. Enabling it tells it what has waited. */
export async function changeEndpoint(
  deps: WebhookDeps,
  ctx: CallContext,
  endpointId: string,
  change: EndpointChange,
): Promise<
  | { kind: 'done'; value: WebhookEndpoint }
  | { kind: 'refused'; reason: Missing | 'webhook_url_refused' | 'version_changed' }
> {
  const { ifVersion, status, ...terms } = change;
  if (terms.url !== undefined && deps.sender.refuse(terms.url) !== undefined) {
    return { kind: 'refused', reason: 'webhook_url_refused' };
  }
  const result = await withTransaction(deps.db, async (tx) => {
    const before = await deps.endpoints(tx).lock(ctx.tenant.accountId, endpointId);
    if (before === undefined) return { kind: 'refused' as const, reason: 'webhook_endpoint_not_found' as const };
    if (ifVersion !== undefined && ifVersion !== before.version) {
      return { kind: 'refused' as const, reason: 'version_changed' as const };
    }
    const { disabledReason: _was, ...rest } = before;
    const after: WebhookEndpoint = {
      ...(status === 'enabled' ? rest : before),
      ...terms,
      ...(status !== undefined && { status }),
      ...(status === 'disabled' && before.status === 'enabled' && { disabledReason: 'by_hand' as const }),
      version: before.version + 1,
      updatedAt: deps.clock.now(),
    };
    await deps.endpoints(tx).save(after);
    return { kind: 'done' as const, value: after };
  });
  deps.committed();
  return result;
}

/** A new secret, shown once. The one before signs too for a while: receivers accept either. */
export function rotateSecret(
  deps: WebhookDeps,
  ctx: CallContext,
  endpointId: string,
): Promise<Outcome<EndpointWithSecret, Missing>> {
  return runOnce(deps, ctx, { name: 'rotate-webhook-secret', body: { endpointId } }, async (tx) => {
    const before = await deps.endpoints(tx).lock(ctx.tenant.accountId, endpointId);
    if (before === undefined) return { kind: 'refused', reason: 'webhook_endpoint_not_found' };
    const now = deps.clock.now();
    const secret = deps.signer.createSecret();
    const endpoint: WebhookEndpoint = {
      ...before,
      sealedSecret: deps.vault.seal(secret, SECRET_PURPOSE),
      sealedOldSecret: before.sealedSecret,
      oldSecretUntil: now + SECRET_OVERLAP_MS,
      version: before.version + 1,
      updatedAt: now,
    };
    await deps.endpoints(tx).save(endpoint);
    return { kind: 'done', value: { endpoint, secret } };
  });
}

/** Nothing is told it any more, and what waited is forgotten. */
export async function deleteEndpoint(deps: WebhookDeps, ctx: CallContext, endpointId: string): Promise<boolean> {
  return deps.endpoints(deps.db).remove(ctx.tenant.accountId, endpointId);
}
