import type { Page, PageQuery } from '../../app/read-ports.ts';

/** One row more than the limit was asked for: it only says that there is more. */
export function pageOf<Row>(found: Row[], { limit }: PageQuery, keyOf: (row: Row) => string): Page<Row> {
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  const hasMore = found.length > limit;
  return { rows, hasMore, ...(hasMore && last !== undefined && { nextKey: keyOf(last) }) };
}
