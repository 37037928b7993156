import { listDeadLetters } from '@suanli/messaging';
import { inbox } from '@suanli/postgres';
import { eventually } from '@suanli/test-kit';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { countAndFinish, createRig, type Rig, STREAM } from './rig.ts';

describe('a database that is away', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await createRig();
    await rig.bus.ensureStream(STREAM);
  });
  afterEach(() => rig[Symbol.asyncDispose]());

  const asAdmin = async (text: string) => {
    const client = new pg.Client({ connectionString: rig.database.adminUrl });
    client.on('error', () => undefined); // Two of these may end each other; the statement in flight rejects with it.
    await client.connect();
    try {
      await client.query(text);
    } finally {
      await client.end();
    }
  };
  const terminate = () =>
    asAdmin(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
    );

  it('pauses the consumer without counting a failure, and every effect happens once when it is back', async () => {
    let calls = 0;
    rig.startRelay();
    rig.startConsumer(
      async (tx, event) => {
        calls += 1;
        if (calls % 4 === 1) await terminate();
        return countAndFinish(tx, event);
      },
      { maxLogicalFailures: 1 },
    );
    const ids = Array.from({ length: 6 }, (_, i) => `e${i}`);
    await rig.append(...ids);
    await eventually(async () => expect(Object.keys(await rig.effects())).toHaveLength(ids.length), {
      timeoutMs: 25_000,
    });
    expect(Object.values(await rig.effects())).toEqual(ids.map(() => 1));
    expect(await listDeadLetters(rig.db)).toEqual([]);
    const attempts = await rig.db.select({ attempts: inbox.attempts }).from(inbox);
    expect(attempts.every((row) => row.attempts === 0)).toBe(true);
    expect(calls).toBeGreaterThan(ids.length);
  });

  it('lets the relay go on by itself when it is back', async () => {
    rig.startRelay();
    rig.startConsumer(countAndFinish);
    await rig.append('before');
    await eventually(async () => expect(await rig.effects()).toEqual({ before: 1 }));
    await terminate();
    await eventually(() => rig.append('after'));
    await eventually(async () => expect(await rig.effects()).toEqual({ before: 1, after: 1 }));
  });
});
