import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate as runMigrations } from 'drizzle-orm/node-postgres/migrator';
import pg from 'pg';
import type { Database } from './database.ts';

export type MigrateOptions = {
  /** The owner role's URL: the service's own role cannot change tables. */
  ownerUrl: string;
  /** The folder that drizzle-kit writes. */
  migrationsFolder: string;
  service: string;
};

/** The database is behind the code, or was never migrated. */
export class SchemaNotCurrent extends Error {
  override name = 'SchemaNotCurrent';
}

const MIGRATIONS_SCHEMA = 'suanli_migrations';
const CONNECT_TIMEOUT_MS = 10_000;
/** A migration that waits longer for a table would hold up every query behind it: fail and try again later. */
const MIGRATION_LOCK_TIMEOUT_MS = 30_000;

/** Applies what is new, one process at a time; concurrent callers wait and find nothing to do. */
export async function migrate(options: MigrateOptions): Promise<void> {
  await checkJournal(options.migrationsFolder);
  const client = new pg.Client({
    connectionString: options.ownerUrl,
    application_name: `${options.service}-migrate`,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  });
  client.on('error', () => undefined); // The statement in flight rejects with the same error.
  await client.connect();
  try {
    // The lock belongs to the session: it ends with the connection, also when this process is killed.
    await client.query('select pg_advisory_lock(hashtextextended($1, 0))', [`${MIGRATIONS_SCHEMA}.${options.service}`]);
    await client.query(`set lock_timeout = ${MIGRATION_LOCK_TIMEOUT_MS}`);
    await runMigrations(drizzle({ client }), {
      migrationsFolder: options.migrationsFolder,
      migrationsSchema: MIGRATIONS_SCHEMA,
      migrationsTable: migrationsTable(options.service),
    });
  } finally {
    await client.end();
  }
}

/**
 * Throws SchemaNotCurrent unless the newest migration of the folder has been applied. A database that is ahead is
 * accepted: expand-then-contract lets the previous release run on it.
 */
export async function assertSchemaCurrent(db: Database, migrationsFolder: string, service: string): Promise<void> {
  const newest = readMigrationFiles({ migrationsFolder }).at(-1);
  if (newest === undefined) throw new SchemaNotCurrent(`${service}: no migration in ${migrationsFolder}`);
  const table = sql`${sql.identifier(MIGRATIONS_SCHEMA)}.${sql.identifier(migrationsTable(service))}`;
  const exists = await db.execute<{ found: string | null }>(
    sql`select to_regclass(${`${MIGRATIONS_SCHEMA}.${migrationsTable(service)}`})::text as found`,
  );
  if (exists.rows[0]?.found == null) throw new SchemaNotCurrent(`${service}: the database was never migrated`);
  const applied = await db.execute(sql`select 1 from ${table} where hash = ${newest.hash}`);
  if (applied.rowCount === 0) throw new SchemaNotCurrent(`${service}: the database is behind, run its migrations`);
}

/** drizzle skips a migration silently when its `when` is not newer than the newest applied one: refuse such a journal. */
export async function checkJournal(migrationsFolder: string): Promise<void> {
  const journal: { entries: { when: number; tag: string }[] } = JSON.parse(
    await readFile(join(migrationsFolder, 'meta', '_journal.json'), 'utf8'),
  );
  let before = { when: 0, tag: 'the beginning' };
  for (const entry of journal.entries) {
    if (entry.when <= before.when) {
      throw new Error(`migration ${entry.tag} is dated no later than ${before.tag}: it would be skipped`);
    }
    before = entry;
  }
}

function migrationsTable(service: string): string {
  return service.replaceAll('-', '_');
}
