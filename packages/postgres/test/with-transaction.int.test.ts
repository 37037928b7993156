import { join } from 'node:path';
import { isUnavailable, sqlState, TransactionNotCommitted, withTransaction } from '@suanli/postgres';
import { deferred, eventually, type TestDatabase, testDatabase } from '@suanli/test-kit';
import { sql } from 'drizzle-orm';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

const migrationsFolder = join(import.meta.dirname, 'migrations');

describe('withTransaction', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await testDatabase({
      service: 'postgres-kit',
      migrationsFolder,
      maxConnections: 3,
      statementTimeoutMs: 2_000,
    });
  });
  afterAll(() => database[Symbol.asyncDispose]());
  beforeEach(() => database.db.execute(sql`delete from leadership`));

  const insert = (name: string) =>
    sql`insert into leadership (name, holder, epoch, lease_until) values (${name}, 'x', 1, now())`;
  const epochOf = async (name: string) =>
    (await database.db.execute<{ epoch: string }>(sql`select epoch from leadership where name = ${name}`)).rows[0]
      ?.epoch;
  const terminateAll = async () => {
    const client = new pg.Client({ connectionString: database.adminUrl });
    await client.connect();
    await client.query(`select pg_terminate_backend(pid) from pg_stat_activity
                        where datname = current_database() and pid <> pg_backend_pid()`);
    await client.end();
  };

  it('commits what the function wrote', async () => {
    await withTransaction(database.db, (tx) => tx.execute(insert('a')));
    expect(await epochOf('a')).toBe('1');
  });

  it('rolls back what the function wrote when it throws, and throws the same error', async () => {
    const failure = new Error('no');
    const failing = withTransaction(database.db, async (tx) => {
      await tx.execute(insert('a'));
      throw failure;
    });
    await expect(failing).rejects.toBe(failure);
    expect(await epochOf('a')).toBeUndefined();
  });

  it('reports a commit that the server answered with a rollback', async () => {
    const swallowed = withTransaction(database.db, async (tx) => {
      await tx.execute(insert('a'));
      await tx.execute(insert('a')).catch(() => undefined);
    });
    await expect(swallowed).rejects.toBeInstanceOf(TransactionNotCommitted);
    expect(await epochOf('a')).toBeUndefined();
  });

  it('rolls back only to the savepoint when a nested transaction throws', async () => {
    await withTransaction(database.db, async (tx) => {
      await tx.execute(insert('a'));
      await tx.transaction((inner) => inner.execute(insert('a'))).catch(() => undefined);
      await tx.execute(insert('b'));
    });
    expect([await epochOf('a'), await epochOf('b')]).toEqual(['1', '1']);
  });

  it('runs again after a serialisation failure, so that no increment is lost', async () => {
    await database.db.execute(insert('counter'));
    let runs = 0;
    const allHaveRead = deferred();
    const increment = () =>
      withTransaction(
        database.db,
        async (tx) => {
          runs += 1;
          const { rows } = await tx.execute<{ epoch: string }>(
            sql`select epoch from leadership where name = 'counter'`,
          );
          if (runs === 3) allHaveRead.resolve();
          await allHaveRead.promise;
          await tx.execute(
            sql`update leadership set epoch = ${BigInt(rows[0]?.epoch ?? 0) + 1n} where name = 'counter'`,
          );
        },
        { isolation: 'serializable', attempts: 20 },
      );
    await Promise.all([increment(), increment(), increment()]);
    expect(await epochOf('counter')).toBe('4');
    expect(runs).toBeGreaterThan(3);
  });

  it('runs again after a deadlock', async () => {
    await database.db.execute(insert('a'));
    await database.db.execute(insert('b'));
    const raise = (name: string) => sql`update leadership set epoch = epoch + 1 where name = ${name}`;
    const bothHold = deferred();
    let holding = 0;
    const raiseBoth = (first: string, second: string) =>
      withTransaction(database.db, async (tx) => {
        await tx.execute(raise(first));
        holding += 1;
        if (holding === 2) bothHold.resolve();
        await bothHold.promise;
        await tx.execute(raise(second));
      });
    await Promise.all([raiseBoth('a', 'b'), raiseBoth('b', 'a')]);
    expect([await epochOf('a'), await epochOf('b')]).toEqual(['3', '3']);
  });

  it('gives up after the named number of attempts', async () => {
    let runs = 0;
    const failing = withTransaction(
      database.db,
      async (tx) => {
        runs += 1;
        await tx.execute(sql`do $$ begin raise exception 'busy' using errcode = '40001'; end $$`);
      },
      { attempts: 3 },
    );
    await expect(failing).rejects.toSatisfy((error) => sqlState(error) === '40001');
    expect(runs).toBe(3);
  });

  it('reports a connection lost in the middle as unavailable, and the pool recovers', async () => {
    const cut = withTransaction(database.db, async (tx) => {
      await tx.execute(insert('a'));
      await terminateAll();
      await tx.execute(insert('b'));
    });
    await expect(cut).rejects.toSatisfy(isUnavailable);
    await eventually(() => withTransaction(database.db, (tx) => tx.execute(insert('c'))));
    expect([await epochOf('a'), await epochOf('b'), await epochOf('c')]).toEqual([undefined, undefined, '1']);
  });

  it('survives the loss of idle connections', async () => {
    await Promise.all([1, 2, 3].map(() => database.db.execute(sql`select pg_sleep(0.01)`)));
    await terminateAll();
    const answer = await eventually(() => database.db.execute(sql`select 1`));
    expect(answer.rowCount).toBe(1);
  });

  it('does not lose connections of the pool to failures', async () => {
    const broken = Array.from({ length: 12 }, () =>
      withTransaction(database.db, (tx) => tx.execute(sql`select nonsense`)),
    );
    const results = await Promise.allSettled(broken);
    expect(results.every((result) => result.status === 'rejected')).toBe(true);
    await withTransaction(database.db, (tx) => tx.execute(insert('after')));
    expect(await epochOf('after')).toBe('1');
  });

  it('ends a statement that takes too long, as a failure of the statement', async () => {
    const slow = withTransaction(database.db, (tx) => tx.execute(sql`select pg_sleep(30)`));
    await expect(slow).rejects.toSatisfy((error) => sqlState(error) === '57014' && !isUnavailable(error));
  });
});
