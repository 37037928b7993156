import { connectPostgres, insertSet, isAnyOf } from '@suanli/postgres';
import { pgAdminUrl, silentLogger } from '@suanli/test-kit';
import { sql } from 'drizzle-orm';
import { bigint, integer, jsonb, pgTable, text, timestamp } from 'drizzle-orm/pg-core';
import { expect, it } from 'vitest';

const things = pgTable('things', {
  id: text('id').primaryKey(),
  count: integer('count'),
  micros: bigint('micros', { mode: 'bigint' }),
  note: text('note'),
  body: jsonb('body').$type<unknown>(),
  at: timestamp('at', { withTimezone: true, precision: 3, mode: 'date' }),
});

it('writes a set as its rows were given: quotes, braces, nulls, 64 bits, JSON, times', async () => {
  await using db = await connectPostgres(
    { url: pgAdminUrl(), applicationName: 'test', maxConnections: 1 },
    silentLogger,
  );
  await db.execute(
    sql`create temp table things (id text, count int, micros bigint, note text, body jsonb, at timestamptz)`,
  );
  const at = new Date('2026-02-28T23:59:59.999Z');
  const rows = [
    { id: 'a', count: 1, micros: 9_007_199_254_740_993n, note: `{"}',\\ NULL`, body: { deep: ['{', null, '"'] }, at },
    { id: 'b', count: null, micros: -1n, note: 'NULL', body: 'text' },
    { id: 'c', note: '' },
  ];
  await db.execute(insertSet(things, rows));
  const written = await db
    .select()
    .from(things)
    .where(isAnyOf(things.id, ['a', 'b', 'c']))
    .orderBy(things.id);
  expect(written).toEqual([
    rows[0],
    { ...rows[1], at: null },
    { id: 'c', count: null, micros: null, note: '', body: null, at: null },
  ]);
});
