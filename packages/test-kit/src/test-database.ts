import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connectPostgres, type Database, migrate, provisionDatabase, withDatabase } from '@suanli/postgres';
import pg from 'pg';
import { asAdmin, nextNumber } from './admin.ts';
import { pgAdminUrl } from './provided.ts';
import { silentLogger } from './silent-logger.ts';

export type TestDatabase = AsyncDisposable & {
  /** Connected as the service role, which may not change the schema. */
  db: Database;
  /** The service role's URL. */
  url: string;
  /** The owner role's URL, for migrations. */
  ownerUrl: string;
  /** The superuser's URL of this database: to break things from outside. */
  adminUrl: string;
};

export type TestDatabaseOptions = {
  service: string;
  migrationsFolder: string;
  maxConnections?: number;
  statementTimeoutMs?: number;
};

const PASSWORD = 'test';
const { escapeIdentifier: id } = pg;

/**
 * A fresh database with the service's schema and roles, cloned from a template that is migrated once per run: about
 * fifty milliseconds. Disposing closes the connections and drops it.
 */
export async function testDatabase(options: TestDatabaseOptions): Promise<TestDatabase> {
  const adminUrl = pgAdminUrl();
  const roles = { owner: `test_${plain(options.service)}_owner`, service: `test_${plain(options.service)}` };
  const template = await ensureTemplate(adminUrl, options, roles);
  const database = `t${await nextNumber(adminUrl, 'test_databases')}_${plain(options.service)}`;
  await asAdmin(adminUrl, async (client) => {
    await client.query(
      `create database ${id(database)} template ${id(template)} strategy file_copy owner ${id(roles.owner)}`,
    );
    // A clone takes what is inside the database, not the rights on it.
    await client.query(`revoke all on database ${id(database)} from public`);
    await client.query(`grant connect on database ${id(database)} to ${id(roles.service)}`);
  });
  const url = urlFor(adminUrl, database, roles.service);
  const db = await connectPostgres(
    {
      url,
      applicationName: `${options.service}-test`,
      ...(options.maxConnections !== undefined && { maxConnections: options.maxConnections }),
      ...(options.statementTimeoutMs !== undefined && { statementTimeoutMs: options.statementTimeoutMs }),
    },
    silentLogger,
  );
  return {
    db,
    url,
    ownerUrl: urlFor(adminUrl, database, roles.owner),
    adminUrl: withDatabase(adminUrl, database),
    [Symbol.asyncDispose]: async () => {
      await db[Symbol.asyncDispose]();
      await asAdmin(adminUrl, (client) => client.query(`drop database if exists ${id(database)} with (force)`));
    },
  };
}

type Roles = { owner: string; service: string };

/** Makes the template of this service and this set of migrations, once per run, whoever comes first. */
async function ensureTemplate(adminUrl: string, options: TestDatabaseOptions, roles: Roles): Promise<string> {
  const name = `template_${plain(options.service)}_${await hashFolder(options.migrationsFolder)}`;
  await asAdmin(adminUrl, async (client) => {
    await client.query('select pg_advisory_lock(hashtextextended($1, 0))', [name]);
    const found = await client.query('select 1 from pg_database where datname = $1 and datallowconn = false', [name]);
    if (found.rowCount === 1) return;
    await client.query(`drop database if exists ${id(name)} with (force)`); // Half made by a test that was stopped.
    await provisionDatabase({
      adminUrl,
      database: name,
      ownerRole: roles.owner,
      ownerPassword: PASSWORD,
      serviceRole: roles.service,
      servicePassword: PASSWORD,
    });
    await migrate({
      ownerUrl: urlFor(adminUrl, name, roles.owner),
      migrationsFolder: options.migrationsFolder,
      service: options.service,
    });
    // A template with a connection cannot be cloned: allow none from now on. This also marks it as complete.
    await client.query(`alter database ${id(name)} allow_connections false`);
  });
  return name;
}

async function hashFolder(folder: string): Promise<string> {
  const hash = createHash('sha256');
  const files = (await readdir(folder, { recursive: true })).filter((name) => /\.(sql|json)$/.test(name)).sort();
  for (const file of files) hash.update(file).update(await readFile(join(folder, file)));
  return hash.digest('hex').slice(0, 12);
}

function urlFor(adminUrl: string, database: string, role: string): string {
  const url = new URL(withDatabase(adminUrl, database));
  url.username = role;
  url.password = PASSWORD;
  return url.toString();
}

function plain(service: string): string {
  return service.replaceAll(/[^a-z0-9]/g, '_');
}
