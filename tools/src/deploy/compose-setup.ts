// The one-shot `setup` of docker-compose.yml: databases with their roles, migrations, certificates. Run again it changes
// nothing that is right already.
import { spawnSync } from 'node:child_process';
import { chown, copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { provisionDatabase } from '@suanli/postgres';
import { ensureCertificates } from '../platform/certificates.ts';
import { SERVICES, type ServiceName } from '../platform/constellation.ts';
import { inRoot } from '../root.ts';

const CERTS = '/certs';
/** The image's `node` user, as which the services run. */
const SERVICE_UID = 1000;

for (const service of SERVICES) await prepareDatabase(service);
await giveCertificates();
process.stdout.write('databases, migrations and certificates are in place\n');

async function prepareDatabase(service: ServiceName): Promise<void> {
  const adminUrl = required('POSTGRES_ADMIN_URL');
  const database = `suanli_${service.replace('-', '_')}`;
  const owner = { ownerRole: `${database}_owner`, ownerPassword: required('DATABASE_OWNER_PASSWORD') };
  const servicePassword = required(`DATABASE_PASSWORD_${service.replace('-', '_').toUpperCase()}`);
  await provisionDatabase({ adminUrl, database, ...owner, serviceRole: database, servicePassword });

  const ownerUrl = new URL(adminUrl);
  ownerUrl.username = owner.ownerRole;
  ownerUrl.password = owner.ownerPassword;
  ownerUrl.pathname = `/${database}`;
  const env = { PATH: process.env['PATH'], DATABASE_OWNER_URL: ownerUrl.href };
  const entry = inRoot('services', service, 'src/migrate.ts');
  const { status } = spawnSync(process.execPath, [entry], { env, stdio: 'inherit' });
  if (status !== 0) throw new Error(`the migrations of ${service} failed`);
}

/** Each service sees its own certificate only: one volume for each. */
async function giveCertificates(): Promise<void> {
  const issued = await ensureCertificates(join(CERTS, 'authority'), SERVICES, Date.now());
  for (const service of SERVICES) {
    const { caFile, certFile, keyFile } = issued[service];
    const directory = join(CERTS, service);
    await mkdir(directory, { recursive: true });
    for (const [from, name] of [
      [caFile, 'ca.pem'],
      [certFile, 'service.pem'],
      [keyFile, 'service.key'],
    ] as const) {
      const to = join(directory, name);
      await copyFile(from, to);
      await chown(to, SERVICE_UID, SERVICE_UID);
    }
  }
}

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`${name} is not set`);
  return value;
}
