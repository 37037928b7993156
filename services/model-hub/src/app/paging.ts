import { done, type Outcome, refused } from '../domain/refusal.ts';
import type { Slice } from './ports.ts';

/** `limit` 0 is the default; the cursor is the `nextCursor` of the page before, or empty. */
export type PageAsk = { limit: number; cursor: string };
export type Page<T> = { items: T[]; nextCursor?: string };

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;
const MAX_CURSOR_CHARS = 2_048;

export type PagedList<T> = {
  /** A cursor is good for the list of this name alone. */
  name: string;
  /** What the list is ordered by. */
  keyOf: (item: T) => string;
  /** Whether a key from a cursor could be one: cursors come back from outside. */
  isKey?: (key: string) => boolean;
  read: (slice: Slice) => Promise<T[]>;
};

/**
 * One page of a list in keyset order. Reads one row more than asked for, to know whether there is a further page. The
 * cursor is the key of the last item, opaque to callers.
 */
export async function readPage<T>(ask: PageAsk, list: PagedList<T>): Promise<Outcome<Page<T>>> {
  const { limit, cursor } = ask;
  if (!Number.isInteger(limit) || limit < 0 || limit > MAX_LIMIT) {
    return refused({ reason: 'limit_out_of_range', maxLimit: MAX_LIMIT });
  }
  const after = cursor === '' ? undefined : decodeCursor(list, cursor);
  if (after === undefined && cursor !== '') return refused({ reason: 'cursor_invalid' });
  const size = limit === 0 ? DEFAULT_LIMIT : limit;
  const rows = await list.read({ limit: size + 1, ...(after !== undefined && { after }) });
  const items = rows.slice(0, size);
  const last = items.at(-1);
  if (rows.length <= size || last === undefined) return done({ items });
  return done({ items, nextCursor: Buffer.from(JSON.stringify([list.name, list.keyOf(last)])).toString('base64url') });
}

function decodeCursor<T>({ name, isKey }: PagedList<T>, cursor: string): string | undefined {
  if (cursor.length > MAX_CURSOR_CHARS) return undefined;
  const parsed = parseJson(Buffer.from(cursor, 'base64url').toString('utf8'));
  if (!Array.isArray(parsed)) return undefined;
  const [givenOutBy, key]: unknown[] = parsed;
  if (givenOutBy !== name || typeof key !== 'string' || key.includes('\0')) return undefined;
  return isKey === undefined || isKey(key) ? key : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
