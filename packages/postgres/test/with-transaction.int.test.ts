import { join } from 'node:path';
import { TransactionNotCommitted, withTransaction } from '@suanli/postgres';
import { type TestDatabase, testDatabase } from '@suanli/test-kit';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

const migrationsFolder = join(import.meta.dirname, 'migrations');

describe('withTransaction', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await testDatabase({ service: 'postgres-kit', migrationsFolder, maxConnections: 4 });
  });
  afterAll(() => database[Symbol.asyncDispose]());
  beforeEach(() => database.db.execute(sql`delete from leadership`));

  const insert = (name: string) =>
    sql`insert into leadership (name, holder, epoch, lease_until) values (${name}, 'x', 1, now())`;
  const names = async () =>
    (await database.db.execute<{ name: string }>(sql`select name from leadership order by name`)).rows.map(
      (row) => row.name,
    );

  it('commits what the function wrote', async () => {
    await withTransaction(database.db, (tx) => tx.execute(insert('a')));
    expect(await names()).toEqual(['a']);
  });

  it('rolls back what the function wrote when it throws, and throws the same error', async () => {
    const failure = new Error('no');
    await expect(
      withTransaction(database.db, async (tx) => {
        await tx.execute(insert('a'));
        throw failure;
      }),
    ).rejects.toBe(failure);
    expect(await names()).toEqual([]);
  });

  it('reports a commit that the server answered with a rollback', async () => {
    const swallowed = withTransaction(database.db, async (tx) => {
      await tx.execute(insert('a'));
      await tx.execute(insert('a')).catch(() => undefined);
    });
    await expect(swallowed).rejects.toBeInstanceOf(TransactionNotCommitted);
    expect(await names()).toEqual([]);
  });
});
