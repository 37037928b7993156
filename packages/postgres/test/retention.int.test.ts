import { join } from 'node:path';
import { appendOutbox, purgeExpired, withTransaction } from '@suanli/postgres';
import { testDatabase } from '@suanli/test-kit';
import { sql } from 'drizzle-orm';
import { expect, it } from 'vitest';

const migrationsFolder = join(import.meta.dirname, 'migrations');

it('deletes what is past its retention, and never an unsent event or a dead letter', async () => {
  await using database = await testDatabase({ service: 'postgres-kit', migrationsFolder });
  const { db } = database;
  const ids = ['unsent', 'sent-long-ago', 'sent-just-now'];
  await withTransaction(db, (tx) =>
    appendOutbox(
      tx,
      ids.map((id) => ({ id, subject: 's', aggregateId: 'a', aggregateVersion: 1n, payload: {}, occurredAt: 0 })),
    ),
  );
  await db.execute(sql`update outbox set created_at = now() - interval '1 year'`);
  await db.execute(sql`update outbox set sent_at = now() - interval '1 year' where id = 'sent-long-ago'`);
  await db.execute(sql`update outbox set sent_at = now() where id = 'sent-just-now'`);
  await db.execute(sql`insert into inbox (consumer, event_id, state, subject, updated_at) values
    ('c', 'old-done', 'done', 's', now() - interval '1 year'),
    ('c', 'old-dead', 'dead', 's', now() - interval '1 year'),
    ('c', 'new-done', 'done', 's', now())`);
  await db.execute(sql`insert into requests (scope, request_id, body_hash, created_at) values
    ('s', 'old', '', now() - interval '1 year'), ('s', 'new', '', now())`);
  expect(await purgeExpired(db)).toBe(3);
  const left = await db.execute<{ id: string }>(sql`
    select id from outbox union all select event_id from inbox union all select request_id from requests order by 1`);
  expect(left.rows.map((row) => row.id)).toEqual(['new', 'new-done', 'old-dead', 'sent-just-now', 'unsent']);
});
