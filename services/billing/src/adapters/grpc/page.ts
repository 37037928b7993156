import { grpcError, invalidArgument } from '@suanli/grpc-kit';
import type { PageInfo, PageRequest } from '@suanli/proto/suanli/common/v1/common.ts';
import type { Page, PageQuery } from '../../app/read-ports.ts';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;
/** Keeps one kind of list from being read with the cursor of another. */
const MARK = /^[a-z]+$/;
const MAX_CURSOR_CHARS = 1_024;

/** Cursors are opaque to callers: the list's mark and the key of the last row seen. */
export function readPage(
  list: string,
  request: PageRequest | undefined,
  isKey: (key: string) => boolean = (key) => key !== '',
): PageQuery {
  const { limit = 0, cursor = '' } = request ?? {};
  if (limit < 0 || limit > MAX_LIMIT) {
    throw grpcError(invalidArgument('LIMIT_OUT_OF_RANGE', `limit must be from 1 to ${MAX_LIMIT}`, { limit }));
  }
  const size = limit === 0 ? DEFAULT_LIMIT : limit;
  if (cursor === '') return { limit: size };
  const [mark, ...rest] = Buffer.from(cursor, 'base64url').toString('utf8').split(':');
  const key = rest.join(':');
  if (cursor.length > MAX_CURSOR_CHARS || mark !== list || !MARK.test(mark) || !isKey(key)) {
    throw grpcError(invalidArgument('CURSOR_INVALID', 'this cursor was not given out by this list'));
  }
  return { limit: size, after: key };
}

export function pageInfo(list: string, page: Page<unknown>): PageInfo {
  const nextCursor = page.nextKey === undefined ? '' : Buffer.from(`${list}:${page.nextKey}`).toString('base64url');
  return { hasMore: page.hasMore, nextCursor };
}

/** Keys that are numbers are compared as numbers in the database. */
export function isWholeNumber(key: string): boolean {
  return /^[0-9]{1,18}$/.test(key);
}
