import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  assertSchemaCurrent,
  connectPostgres,
  migrate,
  provisionDatabase,
  type ProvisionOptions,
  SchemaNotCurrent,
  sqlState,
  withDatabase,
} from '@suanli/postgres';
import { pgAdminUrl, silentLogger } from '@suanli/test-kit';
import { sql } from 'drizzle-orm';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const SERVICE = 'model-hub';
const INSUFFICIENT_PRIVILEGE = '42501';
const migrationsFolder = join(import.meta.dirname, 'migrations');

describe('provisioning and migrating a database', () => {
  const suffix = process.pid;
  const options: ProvisionOptions = {
    adminUrl: pgAdminUrl(),
    database: `provision "${suffix}"`,
    ownerRole: `owner-${suffix}`,
    ownerPassword: "it's secret",
    serviceRole: `service-${suffix}`,
    servicePassword: 'also secret',
  };
  const urlOf = (role: string, password: string) => {
    const url = new URL(withDatabase(options.adminUrl, options.database));
    url.username = encodeURIComponent(role);
    url.password = encodeURIComponent(password);
    return url.toString();
  };
  const ownerUrl = urlOf(options.ownerRole, options.ownerPassword);
  const serviceUrl = urlOf(options.serviceRole, options.servicePassword);
  const asService = async <T>(work: (db: Awaited<ReturnType<typeof connectPostgres>>) => Promise<T>): Promise<T> => {
    await using db = await connectPostgres(
      { url: serviceUrl, applicationName: 'test', maxConnections: 1 },
      silentLogger,
    );
    return await work(db);
  };
  const asAdmin = async (text: string) => {
    const client = new pg.Client({ connectionString: options.adminUrl });
    await client.connect();
    try {
      await client.query(text);
    } finally {
      await client.end();
    }
  };

  beforeAll(() => provisionDatabase(options));
  afterAll(async () => {
    await asAdmin(`drop database "provision ""${suffix}""" with (force)`);
    await asAdmin(`drop role "owner-${suffix}"`);
    await asAdmin(`drop role "service-${suffix}"`);
  });

  it('says that a database was never migrated', async () => {
    const check = asService((db) => assertSchemaCurrent(db, migrationsFolder, SERVICE));
    await expect(check).rejects.toThrow(SchemaNotCurrent);
  });

  it('may be provisioned again, also by several at once', async () => {
    await expect(Promise.all([provisionDatabase(options), provisionDatabase(options)])).resolves.toHaveLength(2);
  });

  it('may be migrated by several processes at once', async () => {
    const once = () => migrate({ ownerUrl, migrationsFolder, service: SERVICE });
    await Promise.all([once(), once(), once()]);
    await expect(asService((db) => assertSchemaCurrent(db, migrationsFolder, SERVICE))).resolves.toBeUndefined();
  });

  it('lets the service role read and write rows, and nothing else', async () => {
    await asService(async (db) => {
      await db.execute(sql`insert into leadership (name, holder, epoch, lease_until) values ('a', 'b', 1, now())`);
      await db.execute(sql`delete from leadership`);
      const forbidden = [
        sql`create table mine (id int)`,
        sql`drop table leadership`,
        sql`alter table leadership add column x int`,
        sql`truncate leadership`,
        sql`create schema mine`,
        sql`create temporary table mine (id int)`,
        sql`delete from suanli_migrations.model_hub`,
      ];
      for (const statement of forbidden) {
        await expect(db.execute(statement)).rejects.toSatisfy((error) => sqlState(error) === INSUFFICIENT_PRIVILEGE);
      }
    });
  });

  it('needs no superuser, as on a managed server', async () => {
    const admin = new URL(options.adminUrl);
    admin.username = `admin-${suffix}`;
    admin.password = 'test';
    const names = { database: `managed-${suffix}`, ownerRole: `o3-${suffix}`, serviceRole: `s3-${suffix}` };
    await asAdmin(`create role "admin-${suffix}" login createdb createrole password 'test'`);
    const managed = { ...options, ...names, adminUrl: admin.toString() };
    await provisionDatabase(managed);
    await expect(provisionDatabase(managed)).resolves.toBeUndefined();
    const owner = new URL(withDatabase(admin.toString(), names.database));
    owner.username = names.ownerRole;
    owner.password = encodeURIComponent(options.ownerPassword);
    await migrate({ ownerUrl: owner.toString(), migrationsFolder, service: SERVICE });
    await asAdmin(`drop database "${names.database}"`);
    for (const role of [names.ownerRole, names.serviceRole, `admin-${suffix}`]) await asAdmin(`drop role "${role}"`);
  });

  it('keeps the roles of other services out', async () => {
    await provisionDatabase({
      ...options,
      database: `other-${suffix}`,
      ownerRole: `o2-${suffix}`,
      serviceRole: `s2-${suffix}`,
    });
    const stranger = new pg.Client({ connectionString: urlOf(`s2-${suffix}`, options.servicePassword) });
    await expect(stranger.connect()).rejects.toSatisfy((error) => sqlState(error) === INSUFFICIENT_PRIVILEGE);
    await asAdmin(`drop database "other-${suffix}"`);
    await asAdmin(`drop role "o2-${suffix}"`);
    await asAdmin(`drop role "s2-${suffix}"`);
  });

  it('tells a database that is behind from one that is ahead', async () => {
    const newer = await mkdtemp(join(tmpdir(), 'migrations-'));
    try {
      await cp(migrationsFolder, newer, { recursive: true });
      const journalFile = join(newer, 'meta', '_journal.json');
      const journal = JSON.parse(await readFile(journalFile, 'utf8'));
      const last = journal.entries.at(-1);
      journal.entries.push({ ...last, idx: last.idx + 1, when: last.when + 1, tag: '0001_more' });
      await writeFile(journalFile, JSON.stringify(journal));
      await writeFile(join(newer, '0001_more.sql'), 'create table more (id int);');
      await expect(asService((db) => assertSchemaCurrent(db, newer, SERVICE))).rejects.toThrow('behind');
      await migrate({ ownerUrl, migrationsFolder: newer, service: SERVICE });
      await asService((db) => assertSchemaCurrent(db, newer, SERVICE));
      await asService((db) => assertSchemaCurrent(db, migrationsFolder, SERVICE));
    } finally {
      await rm(newer, { recursive: true });
    }
  });
});
