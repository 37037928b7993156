import { done, type Outcome, refused } from '../domain/refusal.ts';
import type { Slice } from './ports.ts';

/** `limit` 0 is the default; the cursor is the `nextCursor` of the page before, or empty. */
export type PageAsk = { limit: number; cursor: string };
export type Page<T> = { items: T[]; nextCursor?: string };

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;
const MAX_CURSOR_CHARS = 2_048;

/**
 * One page of a list in keyset order. Reads one row more than asked for, to know whether there is a further page. The
 * cursor is the key of the last item, opaque to callers and good for this list alone (`list` is its name).
 */
export async function readPage<T>(
  list: string,
  ask: PageAsk,
  keyOf: (item: T) => string,
  read: (slice: Slice) => Promise<T[]>,
): Promise<Outcome<Page<T>>> {
  const after = ask.cursor === '' ? undefined : decodeCursor(list, ask.cursor);
  if (after === undefined && ask.cursor !== '') return refused({ reason: 'invalid_cursor' });
  const limit = Math.min(Math.max(ask.limit || DEFAULT_LIMIT, 1), MAX_LIMIT);
  const rows = await read({ limit: limit + 1, ...(after !== undefined && { after }) });
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  if (rows.length <= limit || last === undefined) return done({ items });
  return done({ items, nextCursor: Buffer.from(JSON.stringify([list, keyOf(last)])).toString('base64url') });
}

function decodeCursor(list: string, cursor: string): string | undefined {
  if (cursor.length > MAX_CURSOR_CHARS) return undefined;
  const parsed = parseJson(Buffer.from(cursor, 'base64url').toString('utf8'));
  if (!Array.isArray(parsed)) return undefined;
  const [name, key]: unknown[] = parsed;
  return name === list && typeof key === 'string' && !key.includes('\0') ? key : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
