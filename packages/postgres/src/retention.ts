import { sql } from 'drizzle-orm';
import type { Database } from './database.ts';

export type Retention = {
  /** Sent events. Longer than the stream keeps them, so that a lost stream can be published again. */
  outboxMs: number;
  /** Events done. Longer than the stream keeps them: a delivery after that would be taken for new. */
  inboxMs: number;
  /** Answers to commands: how late a caller may repeat one. */
  requestsMs: number;
};

const DAY_MS = 86_400_000;
export const DEFAULT_RETENTION: Retention = { outboxMs: 14 * DAY_MS, inboxMs: 30 * DAY_MS, requestsMs: 30 * DAY_MS };

/** Rows per statement: short locks, short transactions. */
const PURGE_BATCH = 1_000;
const MAX_BATCHES_PER_RUN = 50;

/** Deletes what is past its retention, in small batches; dead letters and unsent events stay. Returns the row count. */
export async function purgeExpired(db: Database, retention: Retention = DEFAULT_RETENTION): Promise<number> {
  return (
    (await purge(db, 'outbox', sql`sent_at < ${before(retention.outboxMs)}`)) +
    (await purge(db, 'inbox', sql`state = 'done' and updated_at < ${before(retention.inboxMs)}`)) +
    (await purge(db, 'requests', sql`created_at < ${before(retention.requestsMs)}`))
  );
}

function before(ageMs: number) {
  return sql`clock_timestamp() - ${ageMs}::double precision * interval '1 millisecond'`;
}

async function purge(db: Database, table: string, condition: ReturnType<typeof sql>): Promise<number> {
  const name = sql.identifier(table);
  let total = 0;
  for (let batch = 0; batch < MAX_BATCHES_PER_RUN; batch++) {
    const deleted = await db.execute(sql`
      delete from ${name} where ctid = any(array(select ctid from ${name} where ${condition} limit ${PURGE_BATCH}))`);
    total += deleted.rowCount ?? 0;
    if ((deleted.rowCount ?? 0) < PURGE_BATCH) break;
  }
  return total;
}
