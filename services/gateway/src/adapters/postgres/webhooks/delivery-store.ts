import { and, desc, eq, inArray, lt, sql } from 'drizzle-orm';
import type { Queryable } from '../../../app/ports.ts';
import type { DeliveryStore } from '../../../app/webhooks/ports.ts';
import type { WebhookDelivery } from '../../../domain/webhook/webhook.ts';
import { keyset, toPage } from '../keyset.ts';
import { toEndpoint } from './endpoint-store.ts';
import { webhookAttempts, webhookDeliveries, webhookEndpoints } from './schema.ts';

const MAX_ATTEMPTS_SHOWN = 50;

export function webhookDeliveryStore(db: Queryable): DeliveryStore {
  return {
    async insert(deliveries) {
      await db.insert(webhookDeliveries).values(deliveries.map(fromDelivery)).onConflictDoNothing();
    },
    async get(accountId, deliveryId) {
      const [row] = await db
        .select()
        .from(webhookDeliveries)
        .where(and(eq(webhookDeliveries.accountId, accountId), eq(webhookDeliveries.id, deliveryId)));
      return row && toDelivery(row);
    },
    async list(accountId, endpointId, page) {
      const { where, order, limit } = keyset(webhookDeliveries.createdAt, webhookDeliveries.id, page);
      const isOurs = and(
        eq(webhookDeliveries.accountId, accountId),
        eq(webhookDeliveries.endpointId, endpointId),
        where,
      );
      const rows = await db
        .select()
        .from(webhookDeliveries)
        .where(isOurs)
        .orderBy(...order)
        .limit(limit);
      return toPage(rows, page.limit, toDelivery);
    },
    async attempts(deliveryId) {
      const rows = await db
        .select()
        .from(webhookAttempts)
        .where(eq(webhookAttempts.deliveryId, deliveryId))
        .orderBy(desc(webhookAttempts.at))
        .limit(MAX_ATTEMPTS_SHOWN);
      return rows.map(({ at, durationMs, httpStatus, error }) => ({
        at: at.getTime(),
        durationMs,
        ...(httpStatus !== null && { httpStatus }),
        ...(error !== null && { error }),
      }));
    },
    async claim({ holder, now, leaseUntil, limit, busyEndpointIds }) {
      const at = sql`${new Date(now).toISOString()}::timestamptz`;
      const { rows } = await db.execute<{ id: string }>(sql`
        update webhook_deliveries set leased_by = ${holder}, lease_until = ${new Date(leaseUntil).toISOString()}::timestamptz
        where id in (
          select d.id from webhook_deliveries d join webhook_endpoints e on e.id = d.endpoint_id
          where d.status = 'pending' and d.next_at <= ${at} and e.status = 'enabled'
            and (d.lease_until is null or d.lease_until < ${at})
            and d.endpoint_id <> all(${sql.param([...busyEndpointIds])}::text[])
          order by d.next_at limit ${limit} for update of d skip locked)
        returning id`);
      if (rows.length === 0) return [];
      const claimed = await db
        .select({ delivery: webhookDeliveries, endpoint: webhookEndpoints })
        .from(webhookDeliveries)
        .innerJoin(webhookEndpoints, eq(webhookEndpoints.id, webhookDeliveries.endpointId))
        .where(
          inArray(
            webhookDeliveries.id,
            rows.map((row) => row.id),
          ),
        );
      return claimed.map(({ delivery, endpoint }) => ({
        delivery: toDelivery(delivery),
        endpoint: toEndpoint(endpoint),
      }));
    },
    async finish(holder, delivery, attempt) {
      const { status, attempts, nextAt, updatedAt } = fromDelivery(delivery);
      const written = await db
        .update(webhookDeliveries)
        .set({ status, attempts, nextAt, updatedAt, leasedBy: null, leaseUntil: null })
        .where(and(eq(webhookDeliveries.id, delivery.deliveryId), eq(webhookDeliveries.leasedBy, holder)))
        .returning({ id: webhookDeliveries.id });
      if (written.length === 0) return false;
      const { at, durationMs, httpStatus = null, error = null } = attempt;
      await db
        .insert(webhookAttempts)
        .values({ deliveryId: delivery.deliveryId, at: new Date(at), durationMs, httpStatus, error })
        .onConflictDoNothing();
      return true;
    },
    async restart(deliveryId, now) {
      const at = new Date(now);
      await db
        .update(webhookDeliveries)
        .set({ status: 'pending', attempts: 0, nextAt: at, updatedAt: at })
        .where(eq(webhookDeliveries.id, deliveryId));
    },
    async purge(before, limit) {
      const old = db
        .select({ id: webhookDeliveries.id })
        .from(webhookDeliveries)
        .where(lt(webhookDeliveries.createdAt, new Date(before)))
        .limit(limit);
      const gone = await db
        .delete(webhookDeliveries)
        .where(inArray(webhookDeliveries.id, old))
        .returning({ id: webhookDeliveries.id });
      return gone.length;
    },
  };
}

function toDelivery(row: typeof webhookDeliveries.$inferSelect): WebhookDelivery {
  const { id, leasedBy: _by, leaseUntil: _until, nextAt, createdAt, updatedAt, ...rest } = row;
  return {
    ...rest,
    deliveryId: id,
    nextAt: nextAt.getTime(),
    createdAt: createdAt.getTime(),
    updatedAt: updatedAt.getTime(),
  };
}

function fromDelivery({ deliveryId, nextAt, createdAt, updatedAt, ...rest }: WebhookDelivery) {
  return {
    ...rest,
    id: deliveryId,
    nextAt: new Date(nextAt),
    createdAt: new Date(createdAt),
    updatedAt: new Date(updatedAt),
  };
}
