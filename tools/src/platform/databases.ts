import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '@suanli/local-servers';
import { provisionDatabase } from '@suanli/postgres';
import { inRoot, root } from '../root.ts';
import { readJson, writeJson } from '../json-file.ts';
import type { Secrets } from './secrets.ts';

const MIGRATION_TIMEOUT_MS = 120_000;

/** One service's database, as seen by its two roles. */
export type ServiceDatabase = { url: string; ownerUrl: string };

/** Makes the database and the roles of one service; nothing changes when they are there. */
export async function ensureDatabase(service: string, adminUrl: string, secrets: Secrets): Promise<ServiceDatabase> {
  const database = `suanli_${service.replace('-', '_')}`;
  const owner = { role: `${database}_owner`, password: secrets.get(`postgres owner of ${service}`) };
  const user = { role: database, password: secrets.get(`postgres role of ${service}`) };
  await provisionDatabase({
    adminUrl,
    database,
    ownerRole: owner.role,
    ownerPassword: owner.password,
    serviceRole: user.role,
    servicePassword: user.password,
  });
  return { url: urlFor(adminUrl, database, user), ownerUrl: urlFor(adminUrl, database, owner) };
}

/** Runs the migrations of the services whose migrations changed since the last time; the record is `file`. */
export async function migrateAll(
  databases: Readonly<Record<string, ServiceDatabase>>,
  env: Readonly<Record<string, string>>,
  file: string,
): Promise<string[]> {
  const applied = (await readJson<Record<string, string>>(file)) ?? {};
  const changed: string[] = [];
  for (const [service, { ownerUrl }] of Object.entries(databases)) {
    const wanted = `${ownerUrl} ${await digestOf(inRoot('services', service, 'migrations'))}`;
    const digest = createHash('sha256').update(wanted).digest('hex');
    if (applied[service] === digest) continue;
    await runCommand(process.execPath, [inRoot('services', service, 'src/migrate.ts')], {
      cwd: root,
      env: { ...env, DATABASE_OWNER_URL: ownerUrl },
      timeoutMs: MIGRATION_TIMEOUT_MS,
    });
    changed.push(service);
    applied[service] = digest;
    await writeJson(file, applied);
  }
  return changed;
}

function urlFor(adminUrl: string, database: string, user: { role: string; password: string }): string {
  const url = new URL(adminUrl);
  url.username = user.role;
  url.password = user.password;
  url.pathname = `/${database}`;
  return url.href;
}

async function digestOf(folder: string): Promise<string> {
  const hash = createHash('sha256');
  const names = (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (const name of names) hash.update(await readFile(name));
  return hash.digest('hex');
}
