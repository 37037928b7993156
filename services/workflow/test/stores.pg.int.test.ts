import { systemIds } from '@suanli/kernel';
import { testDatabase } from '@suanli/test-kit';
import { expect, it } from 'vitest';
import { postgresTransact } from '../src/adapters/postgres/create-stores.ts';
import { migrationsFolder } from '../src/adapters/postgres/migrations-folder.ts';
import { storesSuite } from './stores-suite.ts';

storesSuite('on PostgreSQL', async () => {
  const database = await testDatabase({ service: 'workflow', migrationsFolder });
  return {
    transact: postgresTransact(database.db, systemIds),
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
});

it('a definition can be neither changed nor deleted, a journal only grows', async () => {
  await using database = await testDatabase({ service: 'workflow', migrationsFolder });
  const { db } = database;
  await db.execute(`insert into definition values ('wfd_1', 'a', null, 'w', 'p', 'n', 'x', '1.0.0', 'd', '{}', now())`);
  await expect(db.execute(`update definition set digest = 'other'`)).rejects.toBeInstanceOf(Error);
  await expect(db.execute('delete from definition')).rejects.toBeInstanceOf(Error);
  await db.execute(`insert into run (id, account_id, workspace_id, principal_id, definition_id, definition_digest, status, input,
    review, cost_micros, context_version, context_count, step_count, sequence, version, created_at)
    values ('run_1', 'a', 'w', 'p', 'wfd_1', 'd', 'running', '{}', 'none', 0, 0, 0, 0, 0, 0, now())`);
  await db.execute(`insert into journal values ('run_1', 1, 'x', null, '{}', now())`);
  await expect(db.execute('delete from journal')).rejects.toBeInstanceOf(Error);
});
