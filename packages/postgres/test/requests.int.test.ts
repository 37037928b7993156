import { join } from 'node:path';
import { type Database, hashBody, rememberRequest, withTransaction } from '@suanli/postgres';
import { deferred, type TestDatabase, testDatabase } from '@suanli/test-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const migrationsFolder = join(import.meta.dirname, 'migrations');
type Answer = { number: number; amount: string };

describe('rememberRequest', () => {
  let database: TestDatabase;
  let db: Database;
  let effects = 0;
  beforeAll(async () => {
    database = await testDatabase({ service: 'postgres-kit', migrationsFolder });
    db = database.db;
  });
  afterAll(() => database[Symbol.asyncDispose]());

  const command = (requestId: string, body: unknown, effect?: () => Promise<Answer>) =>
    withTransaction(db, (tx) =>
      rememberRequest(tx, { scope: 'acc_1/place', requestId, bodyHash: hashBody(body) }, async () => {
        effects += 1;
        return (await effect?.()) ?? { number: effects, amount: '9007199254740993' };
      }),
    );

  it('gives the same answer to the same request, and has the effect once', async () => {
    const before = effects;
    const first = await command('same', { a: 1n });
    const second = await command('same', { a: 1n });
    expect(first).toEqual({ kind: 'done', answer: { number: before + 1, amount: '9007199254740993' } });
    expect(second).toEqual({ kind: 'replayed', answer: { number: before + 1, amount: '9007199254740993' } });
    expect(effects).toBe(before + 1);
  });

  it('refuses the same id with another body', async () => {
    await command('other', { a: 1 });
    expect(await command('other', { a: 2 })).toEqual({ kind: 'conflict' });
  });

  it('makes concurrent callers with one id wait and replay the one answer', async () => {
    const before = effects;
    const results = await Promise.all(Array.from({ length: 8 }, () => command('concurrent', { a: 1 })));
    expect(effects).toBe(before + 1);
    expect(results.filter((result) => result.kind === 'done')).toHaveLength(1);
    expect(new Set(results.map((result) => result.kind !== 'conflict' && result.answer.number))).toEqual(
      new Set([before + 1]),
    );
  });

  it('keeps the id free when the effect fails', async () => {
    const failing = command('failing', {}, () => Promise.reject(new Error('broken')));
    await expect(failing).rejects.toThrow('broken');
    expect((await command('failing', {})).kind).toBe('done');
  });

  it('lets the waiting caller have the effect when the first one fails', async () => {
    const started = deferred();
    const mayFail = deferred();
    const first = command('handover', {}, async () => {
      started.resolve();
      await mayFail.promise;
      throw new Error('broken');
    });
    await started.promise;
    const second = command('handover', {});
    mayFail.resolve();
    await expect(first).rejects.toThrow('broken');
    expect((await second).kind).toBe('done');
  });

  it('does not mix the ids of two scopes', async () => {
    const key = { requestId: 'scoped', bodyHash: hashBody({}) };
    const ask = (scope: string) =>
      withTransaction(db, (tx) => rememberRequest(tx, { ...key, scope }, async () => scope));
    expect(await ask('acc_1')).toEqual({ kind: 'done', answer: 'acc_1' });
    expect(await ask('acc_2')).toEqual({ kind: 'done', answer: 'acc_2' });
  });
});
