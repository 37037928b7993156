import { type Database, inbox, outbox } from '@suanli/postgres';
import { and, asc, count, eq, gt, isNull, sql } from 'drizzle-orm';

export type DeadLetter = {
  consumer: string;
  eventId: string;
  subject: string;
  attempts: number;
  reason: string;
  payload: unknown;
  deadSince: Date;
};

const MAX_LISTED = 500;

/** Events that need a person, oldest first. */
export async function listDeadLetters(
  db: Database,
  filter: { consumer?: string; limit?: number } = {},
): Promise<DeadLetter[]> {
  const rows = await db
    .select()
    .from(inbox)
    .where(
      and(eq(inbox.state, 'dead'), filter.consumer === undefined ? undefined : eq(inbox.consumer, filter.consumer)),
    )
    .orderBy(asc(inbox.updatedAt))
    .limit(Math.min(filter.limit ?? MAX_LISTED, MAX_LISTED));
  return rows.map((row) => ({
    consumer: row.consumer,
    eventId: row.eventId,
    subject: row.subject,
    attempts: row.attempts,
    reason: row.error ?? '',
    payload: row.payload,
    deadSince: row.updatedAt,
  }));
}

/** Asks the consumer to try a dead letter once more, from the row itself. False when there is no such dead letter. */
export async function replayDeadLetter(db: Database, consumer: string, eventId: string): Promise<boolean> {
  const asked = await db
    .update(inbox)
    .set({ state: 'replay', attempts: 0, firstSeenAt: sql`clock_timestamp()`, updatedAt: sql`clock_timestamp()` })
    .where(and(eq(inbox.consumer, consumer), eq(inbox.eventId, eventId), eq(inbox.state, 'dead')))
    .returning({ eventId: inbox.eventId });
  return asked.length === 1;
}

/**
 * Publishes again what was sent since `since`, after a stream was lost. Consumers that had an event take it for a
 * duplicate. Returns the number of events.
 */
export async function resendSince(db: Database, since: Date): Promise<number> {
  const changed = await db.update(outbox).set({ sentAt: null }).where(gt(outbox.sentAt, since));
  return changed.rowCount ?? 0;
}

export type Backlog = { unsent: number; oldestUnsentMs: number; dead: number };

/** What gauges show: facts that wait to be published and events that need a person. */
export async function readBacklog(db: Database): Promise<Backlog> {
  const [waiting] = await db
    .select({
      unsent: count(),
      oldestUnsentMs:
        sql<number>`coalesce(extract(epoch from clock_timestamp() - min(${outbox.createdAt})) * 1000, 0)`.mapWith(
          Number,
        ),
    })
    .from(outbox)
    .where(isNull(outbox.sentAt));
  const [dead] = await db.select({ dead: count() }).from(inbox).where(eq(inbox.state, 'dead'));
  return { unsent: waiting?.unsent ?? 0, oldestUnsentMs: waiting?.oldestUnsentMs ?? 0, dead: dead?.dead ?? 0 };
}
