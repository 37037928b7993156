import { CURRENCY, systemClock, systemIds } from '@suanli/kernel';
import { withTransaction } from '@suanli/postgres';
import { eventually, silentLogger, testDatabase } from '@suanli/test-kit';
import pg from 'pg';
import { expect, it } from 'vitest';
import { auditLedger } from '../../src/adapters/postgres/audit-ledger.ts';
import { MIGRATIONS_FOLDER } from '../../src/adapters/postgres/migrations-folder.ts';
import { readHorizon } from '../../src/adapters/postgres/seals/seal-store.ts';
import { ledgerStore } from '../../src/adapters/postgres/stores/ledger-store.ts';
import { sealingLoop } from '../../src/adapters/loops/sealing-loop.ts';
import type { Transfer } from '../../src/domain/ledger/transfer.ts';

const aPayment = (id: string): Transfer => ({
  id,
  kind: 'post',
  code: 'movement',
  fromAccountId: 'platform:write_off',
  toAccountId: 'platform:revenue',
  amountMicros: 7n,
  reference: CURRENCY,
  createdAt: 0,
});

async function sealed() {
  const database = await testDatabase({ service: 'billing', migrationsFolder: MIGRATIONS_FOLDER });
  const stop = new AbortController();
  const options = { db: database.db, ids: systemIds, holder: 'a', clock: systemClock, logger: silentLogger };
  const running = sealingLoop({ ...options, committed: () => undefined })(stop.signal);
  return {
    ...database,
    book: (ids: readonly string[]) => withTransaction(database.db, (tx) => ledgerStore(tx).book(ids.map(aPayment))),
    report: () => auditLedger(database.db, systemClock.now()),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
      await database[Symbol.asyncDispose]();
    },
  };
}

it('every transfer comes under a seal, also one that commits after those behind it', async () => {
  await using ledger = await sealed();
  const slow = new pg.Client({ connectionString: ledger.url });
  await slow.connect();
  try {
    await slow.query('begin');
    await slow.query(
      `insert into transfers (id, kind, code, from_account_id, to_account_id, amount_micros, reference, created_at)
       values ('slow', 'post', 'movement', 'platform:write_off', 'platform:revenue', 7, 'slow', now())`,
    );
    await ledger.book(['b', 'c']);
    await ledger.book(['d']);
    // The slow one has the first position: nothing behind it may be sealed before it is known how it ends.
    const seen = await withTransaction(ledger.db, readHorizon);
    expect(seen.position).toBe(4n);
    expect((await withTransaction(ledger.db, readHorizon)).oldestRunning).toBeLessThan(seen.nextTransaction);
    expect(await ledger.report()).toMatchObject({ seals: 0, broken: {} });
    await slow.query('commit');
    await eventually(async () => (await ledger.report()).sealedPosition === '4', { timeoutMs: 15_000 });
    expect(await ledger.report()).toMatchObject({ broken: {}, driftMicros: '0' });
  } finally {
    await slow.end();
  }
});

it.each([
  ['rewritten', `update transfers set amount_micros = 8 where id = 'b'`],
  ['taken away', `delete from transfers where id = 'b'`],
  ['renamed', `update transfers set reference = 'else' where id = 'd'`],
  [
    'slipped in',
    `insert into transfers (id, position, kind, code, from_account_id, to_account_id, amount_micros, reference,
    created_at) overriding system value values ('z', 2, 'post', 'movement', 'platform:write_off', 'platform:revenue', 1, '', now())`,
  ],
])('a transfer that was %s by whoever owns the database breaks the chain', async (_how, forgery) => {
  await using ledger = await sealed();
  await ledger.book(['a']);
  await ledger.book(['b', 'd']);
  const owner = new pg.Client({ connectionString: ledger.adminUrl });
  await owner.connect();
  try {
    await eventually(async () => (await ledger.report()).sealedPosition === '3', { timeoutMs: 15_000 });
    const { headHash } = await ledger.report();
    await owner.query(`set session_replication_role = replica; drop index if exists transfers_position`);
    await owner.query(forgery);
    const report = await ledger.report();
    expect(report.broken['hashChain']).toBeGreaterThan(0);
    expect(report.headHash).toBe(headHash);
  } finally {
    await owner.end();
  }
});

it.each([
  ['another lot paid', `update transfer_lots set lot_id = 'lot_z' where lot_id = 'lot_a'`],
  ['a lot paid another part', `update transfer_lots set amount_micros = 3 where lot_id = 'lot_a'`],
  ['a lot paid nothing', `delete from transfer_lots where lot_id = 'lot_b'`],
  [
    'a lot paid what was cash',
    `insert into transfer_lots select id, 'lot_c', 1, reference from transfers where id = 'b'`,
  ],
])('that %s in the telling of whoever owns the database breaks the chain', async (_how, forgery) => {
  await using ledger = await sealed();
  const owner = new pg.Client({ connectionString: ledger.adminUrl });
  await owner.connect();
  try {
    await owner.query('set session_replication_role = replica'); // Past the triggers, as the forger goes.
    await owner.query(
      `with booked as (
         insert into transfers (id, kind, code, from_account_id, to_account_id, amount_micros, reference, created_at)
         values ('a', 'post', 'charge', 'wal_1', 'platform:revenue', 7, 'bil_1', now()),
                ('b', 'post', 'charge', 'wal_1', 'platform:revenue', 7, 'bil_1', now()))
       insert into transfer_lots values ('a', 'lot_b', 2, 'bil_1'), ('a', 'lot_a', 4, 'bil_1')`,
    );
    await eventually(async () => (await ledger.report()).sealedPosition === '2', { timeoutMs: 15_000 });
    expect((await ledger.report()).broken['hashChain']).toBeUndefined();
    await owner.query(forgery);
    expect((await ledger.report()).broken['hashChain']).toBe(1);
  } finally {
    await owner.end();
  }
});
