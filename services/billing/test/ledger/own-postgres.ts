import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '@suanli/local-servers';
import { connectPostgres, migrate, provisionDatabase } from '@suanli/postgres';
import { silentLogger, type TestDatabase } from '@suanli/test-kit';
import { MIGRATIONS_FOLDER } from '../../src/adapters/postgres/migrations-folder.ts';

const PASSWORD = 'test';
const NAME = 'suanli_billing';

/** A PostgreSQL server of this test alone, that keeps what it committed, with billing's database in it. */
export type OwnPostgres = AsyncDisposable & {
  database: TestDatabase;
  /** Stops it, `fast` as an administrator does or `immediate` as a crash does, and starts it at the same address. */
  restart(how: 'fast' | 'immediate'): Promise<void>;
};

export async function startOwnPostgres(): Promise<OwnPostgres> {
  await using boot = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'suanli-own-postgres-'));
  boot.defer(() => rm(dir, { recursive: true, force: true }));
  const start = () => startPostgres({ dir, durability: 'on', sources: ['machine', 'package'] });
  let server = await start();
  boot.defer(() => server.stop());
  const adminUrl = server.url;
  const roles = { ownerRole: `${NAME}_owner`, serviceRole: NAME };
  await provisionDatabase({ adminUrl, database: NAME, ...roles, ownerPassword: PASSWORD, servicePassword: PASSWORD });
  const ownerUrl = urlFor(adminUrl, roles.ownerRole);
  await migrate({ ownerUrl, migrationsFolder: MIGRATIONS_FOLDER, service: 'billing' });
  const url = urlFor(adminUrl, roles.serviceRole);
  const db = await connectPostgres({ url, applicationName: 'billing-test' }, silentLogger);
  const owned = boot.move();
  return {
    database: { db, url, ownerUrl, adminUrl, [Symbol.asyncDispose]: () => db[Symbol.asyncDispose]() },
    async restart(how) {
      await server.kill(how === 'fast' ? 'SIGINT' : 'SIGQUIT');
      await server.exited;
      server = await start();
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function urlFor(adminUrl: string, role: string): string {
  const url = new URL(adminUrl);
  url.username = role;
  url.password = PASSWORD;
  url.pathname = `/${NAME}`;
  return url.href;
}
