import { randomBytes } from 'node:crypto';
import type { Writable } from 'node:stream';
import { type Clock, type Rng, seededRng, systemClock } from '@suanli/kernel';
import { NodePgSession, NodePgTransaction } from 'drizzle-orm/node-postgres';
import { PgDialect } from 'drizzle-orm/pg-core';
import type { PoolClient } from 'pg';
import type { Database, Tx } from './database.ts';
import { isUnavailable, sqlState } from './errors.ts';

export type Isolation = 'read committed' | 'repeatable read' | 'serializable';

export type TransactionOptions = {
  isolation?: Isolation;
  /** How often the whole function may run. 1 = no retry. */
  attempts?: number;
  clock?: Clock;
  rng?: Rng;
};

/** A statement failed, its error was swallowed, and the server answered the commit with a rollback. */
export class TransactionNotCommitted extends Error {
  override name = 'TransactionNotCommitted';
}

const DEFAULT_ATTEMPTS = 5;
const RETRY_BASE_MS = 10;
const RETRY_CAP_MS = 500;
const SERIALIZATION_FAILURE = '40001';
const DEADLOCK = '40P01';

const dialect = new PgDialect({ casing: 'snake_case' });
const processRng = seededRng(randomBytes(4).readUInt32LE());

/**
 * Runs `fn` in one transaction and commits. `fn` is run again after a serialisation failure or a deadlock, so it does
 * nothing but SQL; it may send statements that do not need each other's answers together (`Promise.all`), the server runs
 * them in that order. Everything else that `fn` throws rolls back and is thrown on. When the connection is lost during the
 * commit the outcome is unknown: commands survive that because they record their request id in the same transaction.
 */
export async function withTransaction<T>(
  db: Database,
  fn: (tx: Tx) => Promise<T>,
  options: TransactionOptions = {},
): Promise<T> {
  const attempts = options.attempts ?? DEFAULT_ATTEMPTS;
  const clock = options.clock ?? systemClock;
  const rng = options.rng ?? processRng;
  for (let attempt = 1; ; attempt++) {
    try {
      return await runOnce(db, fn, options.isolation ?? 'read committed');
    } catch (error) {
      if (attempt >= attempts || !isContention(error)) throw error;
      await clock.sleep(rng.next() * Math.min(RETRY_CAP_MS, RETRY_BASE_MS * 2 ** attempt));
    }
  }
}

async function runOnce<T>(db: Database, fn: (tx: Tx) => Promise<T>, isolation: Isolation): Promise<T> {
  const client = gathering(await db.$client.connect());
  let broken: Error | undefined;
  try {
    // Not awaited: it travels with the first statement. Should it fail, so does everything behind it.
    const begun = client.query(`begin isolation level ${isolation}`);
    begun.catch(() => undefined);
    const result = await fn(openTransaction(client));
    await begun;
    await commit(client);
    return result;
  } catch (error) {
    broken = await rollback(client, error);
    throw error;
  } finally {
    client.release(broken);
  }
}

/**
 * Statements that are sent in one turn of the event loop leave in one write: each write wakes the kernel and the server,
 * which costs more than a small statement does. Where the driver's inside does not look as expected they leave one by one.
 */
function gathering(client: PoolClient): PoolClient {
  const stream = (client as { connection?: { stream?: Writable } }).connection?.stream;
  if (stream === undefined) return client;
  let isHeldBack = false;
  const query = (...args: Parameters<PoolClient['query']>) => {
    if (!isHeldBack) {
      isHeldBack = true;
      stream.cork();
      process.nextTick(() => {
        isHeldBack = false;
        stream.uncork();
      });
    }
    return client.query(...args);
  };
  return Object.create(client, { query: { value: query } }) as PoolClient;
}

function openTransaction(client: PoolClient): Tx {
  return new NodePgTransaction(dialect, new NodePgSession(client, dialect, undefined), undefined);
}

async function commit(client: PoolClient): Promise<void> {
  const answer = await client.query('commit');
  if (answer.command !== 'COMMIT') {
    throw new TransactionNotCommitted('a statement of this transaction failed earlier, so the server rolled it back');
  }
}

/** Rolls back, and returns an error when the connection must not go back to the pool. Never hides the first error. */
async function rollback(client: PoolClient, reason: unknown): Promise<Error | undefined> {
  if (isUnavailable(reason) && !isContention(reason))
    return reason instanceof Error ? reason : new Error(String(reason));
  try {
    await client.query('rollback');
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function isContention(error: unknown): boolean {
  const state = sqlState(error);
  return state === SERIALIZATION_FAILURE || state === DEADLOCK;
}
