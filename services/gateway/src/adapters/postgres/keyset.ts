import { and, desc, lt, or, type SQL, sql } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import type { Page, PageWish } from '../../app/ports.ts';

/** Ordering and start of a page, newest first; one row more than asked for tells whether there is another page. */
export function keyset(
  createdAt: PgColumn,
  id: PgColumn,
  page: PageWish,
): { where: SQL | undefined; order: SQL[]; limit: number } {
  const { after } = page;
  const at = after && sql`${new Date(after.createdAt).toISOString()}::timestamptz`;
  return {
    where: after && or(sql`${createdAt} < ${at}`, and(sql`${createdAt} = ${at}`, lt(id, after.id))),
    order: [desc(createdAt), desc(id)],
    limit: page.limit + 1,
  };
}

export function toPage<Row, Item>(rows: readonly Row[], limit: number, toItem: (row: Row) => Item): Page<Item> {
  return { items: rows.slice(0, limit).map(toItem), hasMore: rows.length > limit };
}
