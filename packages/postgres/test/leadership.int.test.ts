import { join } from 'node:path';
import { systemClock } from '@suanli/kernel';
import { assertLeader, connectPostgres, createLeadership, LostLeadership, withTransaction } from '@suanli/postgres';
import { deferred, eventually, silentLogger, type TestDatabase, testDatabase } from '@suanli/test-kit';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const migrationsFolder = join(import.meta.dirname, 'migrations');
const LEASE_MS = 600;

describe('leadership', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await testDatabase({ service: 'postgres-kit', migrationsFolder });
  });
  afterAll(() => database[Symbol.asyncDispose]());

  const member = (name: string, holder: string, db = database.db) =>
    createLeadership({ db, name, holder, leaseMs: LEASE_MS, clock: systemClock, logger: silentLogger });
  const aborted = (signal: AbortSignal) =>
    new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));

  it('has one leader at a time, and the next one leads as soon as it stops', async () => {
    const stopFirst = new AbortController();
    const stopSecond = new AbortController();
    const log: string[] = [];
    const work = (who: string) => async (epoch: bigint, signal: AbortSignal) => {
      log.push(`${who} begins ${epoch}`);
      await aborted(signal);
      log.push(`${who} ends`);
    };
    const first = member('single', 'first').run(stopFirst.signal, work('first'));
    await eventually(() => log.length === 1);
    const second = member('single', 'second').run(stopSecond.signal, work('second'));
    stopFirst.abort();
    await first;
    await eventually(() => log.length === 3);
    stopSecond.abort();
    await second;
    expect(log).toEqual(['first begins 1', 'first ends', 'second begins 2', 'second ends']);
  });

  it('keeps the lease for longer than one lease by renewing it', async () => {
    const startedAt = systemClock.now();
    const stop = new AbortController();
    const epochs: bigint[] = [];
    const work = async (epoch: bigint, signal: AbortSignal) => {
      epochs.push(epoch);
      await aborted(signal);
    };
    const members = ['a', 'b'].map((holder) => member('renewed', holder).run(stop.signal, work));
    await eventually(async () => {
      const kept = await database.db.execute(sql`select 1 from leadership where name = 'renewed'
        and lease_until > ${new Date(startedAt + LEASE_MS * 3).toISOString()}`);
      return kept.rowCount === 1;
    });
    stop.abort();
    await Promise.all(members);
    expect(epochs).toEqual([1n]);
  });

  it('tells the leader to stop before its lease can run out when the database is out of reach', async () => {
    const own = await connectPostgres({ url: database.url, applicationName: 'cut-off' }, silentLogger);
    const stop = new AbortController();
    const lost = deferred<number>();
    const running = member('cut-off', 'first', own).run(stop.signal, async (_epoch, signal) => {
      const startedAtMs = systemClock.monotonicMs();
      await own[Symbol.asyncDispose]();
      await aborted(signal);
      lost.resolve(systemClock.monotonicMs() - startedAtMs);
    });
    expect(await lost.promise).toBeLessThan(LEASE_MS);
    const takenOver = deferred<bigint>();
    const next = member('cut-off', 'second').run(stop.signal, async (epoch) => takenOver.resolve(epoch));
    expect(await takenOver.promise).toBe(2n);
    stop.abort();
    await Promise.all([running, next]);
  });

  it('tells the leader to stop when another has taken over, and fences its writes', async () => {
    const stop = new AbortController();
    const refused = deferred<unknown>();
    const running = member('stolen', 'first').run(stop.signal, async (epoch, signal) => {
      await database.db.execute(sql`update leadership set epoch = epoch + 1, holder = 'thief' where name = 'stolen'`);
      await aborted(signal);
      await withTransaction(database.db, (tx) => assertLeader(tx, 'stolen', epoch)).catch(refused.resolve);
    });
    expect(await refused.promise).toBeInstanceOf(LostLeadership);
    stop.abort();
    await running;
  });

  it('lets a take-over wait for a write of the old leader that has passed its check', async () => {
    await database.db.execute(
      sql`insert into leadership (name, holder, epoch, lease_until) values ('fence', 'old', 1, '-infinity')`,
    );
    const order: string[] = [];
    const stop = new AbortController();
    await withTransaction(database.db, async (tx) => {
      await assertLeader(tx, 'fence', 1n);
      void member('fence', 'new').run(stop.signal, async () => {
        order.push('new leader');
        stop.abort();
      });
      await eventually(async () => {
        const waiting = await database.db.execute(sql`select 1 from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock'`);
        return (waiting.rowCount ?? 0) > 0;
      });
      order.push('old write');
    });
    await eventually(() => order.length === 2);
    expect(order).toEqual(['old write', 'new leader']);
    await expect(withTransaction(database.db, (tx) => assertLeader(tx, 'fence', 1n))).rejects.toBeInstanceOf(
      LostLeadership,
    );
  });

  it('does not let the writes of a leader hold up its renewals', async () => {
    const stop = new AbortController();
    const lasted = await new Promise<boolean>((resolve) => {
      void member('busy', 'only').run(stop.signal, async (epoch, signal) => {
        await withTransaction(database.db, async (tx) => {
          await assertLeader(tx, 'busy', epoch);
          await tx.execute(sql`select pg_sleep(${(LEASE_MS * 2) / 1_000})`);
        });
        resolve(!signal.aborted);
      });
    });
    expect(lasted).toBe(true);
    stop.abort();
  });

  it('throws on what the work throws, having given up the lease', async () => {
    const stop = new AbortController();
    const failing = member('throwing', 'a').run(stop.signal, () => Promise.reject(new TypeError('bug')));
    await expect(failing).rejects.toThrow('bug');
    const epochs: bigint[] = [];
    await member('throwing', 'b').run(stop.signal, async (epoch) => void epochs.push(epoch));
    expect(epochs).toEqual([2n]);
  });
});
