import { isId } from '@suanli/kernel';
import type { PageInfo, PageRequest } from '@suanli/proto/suanli/common/v1/common.ts';
import type { Page, PageWish, Position } from '../../app/ports.ts';
import { problem } from './problems/problem.ts';

export type PageQuery = { limit: number; cursor?: string | undefined };
export type List<Item> = { data: Item[]; has_more: boolean; next_cursor?: string };

/** A page of our own rows, as asked for. */
export function pageWish({ limit, cursor }: PageQuery): PageWish {
  return { limit, ...(cursor !== undefined && { after: readCursor(cursor) }) };
}

export function ownList<Row, Item>(
  page: Page<Row>,
  positionOf: (row: Row) => Position,
  toItem: (row: Row) => Item,
): List<Item> {
  const last = page.items.at(-1);
  return {
    data: page.items.map(toItem),
    has_more: page.hasMore,
    ...(page.hasMore && last !== undefined && { next_cursor: writeCursor(positionOf(last)) }),
  };
}

/** A page of another service; its cursors are passed on as they are. */
export function pageRequest({ limit, cursor }: PageQuery): PageRequest {
  return { limit, cursor: cursor ?? '' };
}

export function serviceList<Row, Item>(
  rows: readonly Row[],
  page: PageInfo | undefined,
  toItem: (row: Row) => Item,
): List<Item> {
  const hasMore = page?.hasMore ?? false;
  return { data: rows.map(toItem), has_more: hasMore, ...(hasMore && { next_cursor: page?.nextCursor ?? '' }) };
}

function writeCursor({ createdAt, id }: Position): string {
  return Buffer.from(`${createdAt} ${id}`, 'utf8').toString('base64url');
}

function readCursor(cursor: string): Position {
  const [createdAt = '', id = ''] = Buffer.from(cursor, 'base64url').toString('utf8').split(' ');
  if (!/^[0-9]{1,15}$/.test(createdAt) || !isId(id.split('_')[0] ?? '', id)) throw problem('invalid_cursor');
  return { createdAt: Number(createdAt), id };
}
