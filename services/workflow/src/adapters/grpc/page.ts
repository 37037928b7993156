import { grpcError, invalidArgument } from '@suanli/grpc-kit';
import type { PageInfo, PageRequest } from '@suanli/proto/suanli/common/v1/common.ts';
import type { Page } from '../../app/ports.ts';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;
/** What one answer holds at most, below the 4 MiB of a gRPC message; a single item may be larger than the rest allows. */
const MAX_PAGE_BYTES = 2_500_000;

/** One more than asked for is read, to know whether there is more. */
export function readPage(list: string, asked: PageRequest | undefined): Page & { shown: number } {
  const { limit = 0, cursor = '' } = asked ?? {};
  if (limit < 0 || limit > MAX_LIMIT) {
    throw grpcError(invalidArgument('PAGE_LIMIT_INVALID', `limit is 1 to ${MAX_LIMIT}`));
  }
  const shown = limit === 0 ? DEFAULT_LIMIT : limit;
  const before = cursor === '' ? undefined : openCursor(list, cursor);
  return { limit: shown + 1, shown, ...(before !== undefined && { before }) };
}

/** The items of a page and where the next begins; ends early where the messages grow too large. */
export function paged<Row, Message>(
  list: string,
  rows: readonly Row[],
  shown: number,
  toMessage: (row: Row) => Message,
  encode: (message: Message) => { finish(): Uint8Array },
  keyOf: (row: Row) => string,
): { items: Message[]; page: PageInfo } {
  const items: Message[] = [];
  let bytes = 0;
  for (const row of rows.slice(0, shown)) {
    const message = toMessage(row);
    bytes += encode(message).finish().length;
    if (bytes > MAX_PAGE_BYTES && items.length > 0) break;
    items.push(message);
  }
  const last = rows[items.length - 1];
  const hasMore = rows.length > items.length;
  return { items, page: { hasMore, nextCursor: hasMore && last ? closeCursor(list, keyOf(last)) : '' } };
}

function closeCursor(list: string, key: string): string {
  return Buffer.from(`${list}:${key}`).toString('base64url');
}

function openCursor(list: string, cursor: string): string {
  const text = Buffer.from(cursor, 'base64url').toString('utf8');
  if (text.startsWith(`${list}:`)) return text.slice(list.length + 1);
  throw grpcError(invalidArgument('CURSOR_INVALID', 'this cursor is of no page of this list'));
}
