import { sql } from 'drizzle-orm';
import { bigint, index, integer, jsonb, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';

/**
 * The tables that every service has beside its own: re-export them from the service's schema file, so that its
 * migrations create them.
 */

const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3, mode: 'date' });

/** Facts waiting to be published. `position` only orders reading; what is unsent is said by `sent_at` alone. */
export const outbox = pgTable(
  'outbox',
  {
    id: text('id').primaryKey(),
    position: bigint('position', { mode: 'bigint' }).generatedAlwaysAsIdentity(),
    subject: text('subject').notNull(),
    aggregateId: text('aggregate_id').notNull(),
    aggregateVersion: bigint('aggregate_version', { mode: 'bigint' }).notNull(),
    payload: jsonb('payload').$type<unknown>().notNull(),
    headers: jsonb('headers').$type<Record<string, string>>().notNull(),
    occurredAt: instant('occurred_at').notNull(),
    createdAt: instant('created_at').notNull().default(sql`clock_timestamp()`),
    sentAt: instant('sent_at'),
  },
  (t) => [
    index('outbox_unsent').on(t.position).where(sql`sent_at is null`),
    index('outbox_sent_at').on(t.sentAt).where(sql`sent_at is not null`),
  ],
);

/** `failing`: tried in vain, will be tried again. `replay`: a dead letter that an operator asked to try again. */
export type InboxState = 'done' | 'failing' | 'dead' | 'replay';

/** What each consumer did with each event. The row is written in the transaction of the effect. */
export const inbox = pgTable(
  'inbox',
  {
    consumer: text('consumer').notNull(),
    eventId: text('event_id').notNull(),
    state: text('state').$type<InboxState>().notNull(),
    attempts: integer('attempts').notNull().default(0),
    error: text('error'),
    subject: text('subject').notNull(),
    /** Kept only while the event is not done: enough to handle it again without the stream. */
    payload: jsonb('payload').$type<unknown>(),
    headers: jsonb('headers').$type<Record<string, string>>(),
    firstSeenAt: instant('first_seen_at').notNull().default(sql`clock_timestamp()`),
    updatedAt: instant('updated_at').notNull().default(sql`clock_timestamp()`),
  },
  (t) => [
    primaryKey({ columns: [t.consumer, t.eventId] }),
    index('inbox_open').on(t.consumer, t.state).where(sql`state <> 'done'`),
    index('inbox_done_at').on(t.updatedAt).where(sql`state = 'done'`),
  ],
);

/** Answers to commands, so that the same request id gives the same answer. */
export const requests = pgTable(
  'requests',
  {
    scope: text('scope').notNull(),
    requestId: text('request_id').notNull(),
    bodyHash: text('body_hash').notNull(),
    answer: jsonb('answer').$type<unknown>(),
    createdAt: instant('created_at').notNull().default(sql`clock_timestamp()`),
  },
  (t) => [primaryKey({ columns: [t.scope, t.requestId] }), index('requests_created_at').on(t.createdAt)],
);

/** Who may do what only one may do. `epoch` grows at each take-over and fences the one before. */
export const leadership = pgTable('leadership', {
  name: text('name').primaryKey(),
  holder: text('holder').notNull(),
  epoch: bigint('epoch', { mode: 'bigint' }).notNull(),
  leaseUntil: timestamp('lease_until', { withTimezone: true, mode: 'date' }).notNull(),
});
