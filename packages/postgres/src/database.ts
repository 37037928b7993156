import type { Logger } from '@suanli/kernel';
import { drizzle, type NodePgDatabase, type NodePgQueryResultHKT } from 'drizzle-orm/node-postgres';
import type { PgTransaction } from 'drizzle-orm/pg-core';
import pg from 'pg';

type NoSchema = Record<string, never>;

/** A pool with drizzle on it. Single statements only; whatever takes two statements goes through `withTransaction`. */
export type Database = NodePgDatabase<NoSchema> & { $client: pg.Pool };

/** One open transaction: what stores take. Nothing but SQL happens while it is open. */
export type Tx = PgTransaction<NodePgQueryResultHKT, NoSchema, NoSchema>;

export type PostgresConfig = {
  url: string;
  /** Connections of this process. A transaction holds one from begin to commit. */
  maxConnections?: number;
  /** Seen in pg_stat_activity. */
  applicationName: string;
  /** The server ends a statement that takes longer. */
  statementTimeoutMs?: number;
};

const DEFAULT_MAX_CONNECTIONS = 10;
const DEFAULT_STATEMENT_TIMEOUT_MS = 15_000;
/** A wait for a row lock beyond this is a stuck writer, not a busy one. */
const LOCK_TIMEOUT_MS = 10_000;
/** A process that hangs inside a transaction loses it, so that its locks do not outlive it. */
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 30_000;
/** Also the longest wait for a free connection of the pool. */
const CONNECT_TIMEOUT_MS = 5_000;
/** Ends a read from a server that went silent (a network gone, a machine paused), where no server-side limit can act. */
const SILENT_SERVER_MARGIN_MS = 5_000;
const IDLE_CONNECTION_MS = 60_000;

/**
 * Opens a pool. Does not wait for the server: the first statement tells. Connections that die while idle are replaced;
 * column names are snake_case unless a table names them itself.
 */
export async function connectPostgres(config: PostgresConfig, logger: Logger): Promise<Database & AsyncDisposable> {
  const statementTimeoutMs = config.statementTimeoutMs ?? DEFAULT_STATEMENT_TIMEOUT_MS;
  const pool = new pg.Pool({
    connectionString: config.url,
    max: config.maxConnections ?? DEFAULT_MAX_CONNECTIONS,
    application_name: config.applicationName,
    statement_timeout: statementTimeoutMs,
    lock_timeout: LOCK_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    query_timeout: statementTimeoutMs + SILENT_SERVER_MARGIN_MS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: IDLE_CONNECTION_MS,
    keepAlive: true,
    // Statements of a transaction that do not need each other's answers travel in one flight, in their order.
    pipeline: true,
  });
  // Without these two listeners the process dies when a backend is terminated: idle in the pool, or held by a caller.
  pool.on('error', (error) => logger.warn({ error: error.message }, 'idle postgres connection lost'));
  pool.on('connect', (client) =>
    client.on('error', (error) => logger.debug({ error: error.message }, 'postgres connection lost')),
  );
  const db = drizzle({ client: pool, casing: 'snake_case' });
  return Object.assign(db, { [Symbol.asyncDispose]: () => pool.end() });
}
