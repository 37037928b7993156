import { grpcError, invalidArgument } from '@suanli/grpc-kit';
import type { PageInfo, PageRequest } from '@suanli/proto/suanli/common/v1/common.ts';
import type { Page } from '../../app/stores.ts';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;
const MAX_CURSOR_CHARS = 256;

/** A cursor is the last id of a page, wrapped so that nobody builds on its form. */
export function readPage(request: PageRequest | undefined): Page {
  const { limit = 0, cursor = '' } = request ?? {};
  if (limit < 0 || limit > MAX_LIMIT) {
    throw grpcError(invalidArgument('LIMIT_OUT_OF_RANGE', `limit must be from 1 to ${MAX_LIMIT}`));
  }
  const id = Buffer.from(cursor, 'base64url').toString();
  const isOurs = cursor.length <= MAX_CURSOR_CHARS && /^[\x21-\x7e]*$/.test(id) && encode(id) === cursor;
  if (!isOurs) throw grpcError(invalidArgument('INVALID_CURSOR', 'the cursor is none of this list'));
  return { limit: limit === 0 ? DEFAULT_LIMIT : limit, cursor: id };
}

export function pageInfo(nextId: string): PageInfo {
  return { hasMore: nextId !== '', nextCursor: encode(nextId) };
}

function encode(id: string): string {
  return Buffer.from(id).toString('base64url');
}
