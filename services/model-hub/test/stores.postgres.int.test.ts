import { systemIds } from '@suanli/kernel';
import { testDatabase } from '@suanli/test-kit';
import { MIGRATIONS_FOLDER } from '../src/adapters/postgres/migrations-folder.ts';
import { postgresWork } from '../src/adapters/postgres/unit-of-work.ts';
import { storesSuite } from './stores.suite.ts';

storesSuite('postgres', async () => {
  const database = await testDatabase({ service: 'model-hub', migrationsFolder: MIGRATIONS_FOLDER });
  return {
    work: postgresWork(database.db, systemIds, () => undefined),
    ids: systemIds,
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
});
