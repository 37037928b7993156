import { and, asc, eq } from 'drizzle-orm';
import type { Queryable } from '../../../app/ports.ts';
import type { WebhookStore } from '../../../app/webhooks/ports.ts';
import type { WebhookEndpoint } from '../../../domain/webhook/webhook.ts';
import { keyset, toPage } from '../keyset.ts';
import { webhookEndpoints } from './schema.ts';

export function webhookEndpointStore(db: Queryable): WebhookStore {
  const isIt = (accountId: string, endpointId: string) =>
    and(eq(webhookEndpoints.accountId, accountId), eq(webhookEndpoints.id, endpointId));
  return {
    async insert(endpoint) {
      await db.insert(webhookEndpoints).values(fromEndpoint(endpoint));
    },
    async get(accountId, endpointId) {
      const [row] = await db.select().from(webhookEndpoints).where(isIt(accountId, endpointId));
      return row && toEndpoint(row);
    },
    async lock(accountId, endpointId) {
      const [row] = await db.select().from(webhookEndpoints).where(isIt(accountId, endpointId)).for('update');
      return row && toEndpoint(row);
    },
    async list(accountId, page) {
      const { where, order, limit } = keyset(webhookEndpoints.createdAt, webhookEndpoints.id, page);
      const rows = await db
        .select()
        .from(webhookEndpoints)
        .where(and(eq(webhookEndpoints.accountId, accountId), where))
        .orderBy(...order)
        .limit(limit);
      return toPage(rows, page.limit, toEndpoint);
    },
    count: (accountId) => db.$count(webhookEndpoints, eq(webhookEndpoints.accountId, accountId)),
    async save(endpoint) {
      const { id, ...row } = fromEndpoint(endpoint);
      await db.update(webhookEndpoints).set(row).where(eq(webhookEndpoints.id, id));
    },
    async remove(accountId, endpointId) {
      const gone = await db
        .delete(webhookEndpoints)
        .where(isIt(accountId, endpointId))
        .returning({ id: webhookEndpoints.id });
      return gone.length > 0;
    },
    async enabledOf(accountId) {
      const rows = await db
        .select()
        .from(webhookEndpoints)
        .where(and(eq(webhookEndpoints.accountId, accountId), eq(webhookEndpoints.status, 'enabled')))
        .orderBy(asc(webhookEndpoints.id));
      return rows.map(toEndpoint);
    },
  };
}

export function toEndpoint(row: typeof webhookEndpoints.$inferSelect): WebhookEndpoint {
  const { id, disabledReason, sealedOldSecret, oldSecretUntil, createdAt, updatedAt, ...rest } = row;
  return {
    ...rest,
    endpointId: id,
    ...(disabledReason !== null && { disabledReason }),
    ...(sealedOldSecret !== null && { sealedOldSecret }),
    ...(oldSecretUntil !== null && { oldSecretUntil: oldSecretUntil.getTime() }),
    createdAt: createdAt.getTime(),
    updatedAt: updatedAt.getTime(),
  };
}

function fromEndpoint(endpoint: WebhookEndpoint): typeof webhookEndpoints.$inferInsert {
  const { endpointId, eventTypes, disabledReason, sealedOldSecret, oldSecretUntil, ...rest } = endpoint;
  return {
    ...rest,
    id: endpointId,
    eventTypes: [...eventTypes],
    disabledReason: disabledReason ?? null,
    sealedOldSecret: sealedOldSecret ?? null,
    oldSecretUntil: oldSecretUntil === undefined ? null : new Date(oldSecretUntil),
    createdAt: new Date(endpoint.createdAt),
    updatedAt: new Date(endpoint.updatedAt),
  };
}
