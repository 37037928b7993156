import { sql } from 'drizzle-orm';
import { check, index, integer, pgTable, primaryKey, text, timestamp, unique } from 'drizzle-orm/pg-core';
import type { DisabledReason, WebhookEventType } from '../../../domain/webhook/webhook.ts';

const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3, mode: 'date' });

/** Where accounts want to be told of events. */
export const webhookEndpoints = pgTable(
  'webhook_endpoints',
  {
    id: text('id').primaryKey(),
    accountId: text('account_id').notNull(),
    url: text('url').notNull(),
    description: text('description').notNull(),
    /** Empty: all. */
    eventTypes: text('event_types').array().$type<WebhookEventType[]>().notNull(),
    status: text('status').$type<'enabled' | 'disabled'>().notNull(),
    disabledReason: text('disabled_reason').$type<DisabledReason>(),
    /** In an envelope of MASTER_KEY. */
    sealedSecret: text('sealed_secret').notNull(),
    sealedOldSecret: text('sealed_old_secret'),
    oldSecretUntil: instant('old_secret_until'),
    version: integer('version').notNull(),
    createdAt: instant('created_at').notNull(),
    updatedAt: instant('updated_at').notNull(),
  },
  (t) => [
    index('webhook_endpoints_newest').on(t.accountId, t.createdAt.desc(), t.id.desc()),
    check('webhook_endpoints_status', sql`${t.status} in ('enabled', 'disabled')`),
    check('webhook_endpoints_disabled', sql`(${t.status} = 'disabled') = (${t.disabledReason} is not null)`),
  ],
);

/** One event for one endpoint, until it has arrived or is given up. */
export const webhookDeliveries = pgTable(
  'webhook_deliveries',
  {
    id: text('id').primaryKey(),
    endpointId: text('endpoint_id')
      .notNull()
      .references(() => webhookEndpoints.id, { onDelete: 'cascade' }),
    accountId: text('account_id').notNull(),
    eventId: text('event_id').notNull(),
    eventType: text('event_type').$type<WebhookEventType>().notNull(),
    body: text('body').notNull(),
    status: text('status').$type<'pending' | 'delivered' | 'failed'>().notNull(),
    attempts: integer('attempts').notNull(),
    nextAt: instant('next_at').notNull(),
    /** Who tries it now, and until when nobody else may. */
    leasedBy: text('leased_by'),
    leaseUntil: instant('lease_until'),
    createdAt: instant('created_at').notNull(),
    updatedAt: instant('updated_at').notNull(),
  },
  (t) => [
    unique('webhook_deliveries_event').on(t.endpointId, t.eventId),
    index('webhook_deliveries_due').on(t.nextAt).where(sql`status = 'pending'`),
    index('webhook_deliveries_newest').on(t.endpointId, t.createdAt.desc(), t.id.desc()),
    index('webhook_deliveries_age').on(t.createdAt),
    check('webhook_deliveries_status', sql`${t.status} in ('pending', 'delivered', 'failed')`),
  ],
);

/** The delivery log. */
export const webhookAttempts = pgTable(
  'webhook_attempts',
  {
    deliveryId: text('delivery_id')
      .notNull()
      .references(() => webhookDeliveries.id, { onDelete: 'cascade' }),
    at: instant('at').notNull(),
    durationMs: integer('duration_ms').notNull(),
    httpStatus: integer('http_status'),
    error: text('error'),
  },
  (t) => [primaryKey({ columns: [t.deliveryId, t.at] })],
);
