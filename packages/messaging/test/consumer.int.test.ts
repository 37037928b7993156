import { type EventHandler, type IncomingEvent, listDeadLetters } from '@suanli/messaging';
import { inbox } from '@suanli/postgres';
import { deferred, eventually } from '@suanli/test-kit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { countAndFinish, countEffect, createRig, type Rig, STREAM, SUBJECT } from './rig.ts';

describe('consumer', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await createRig();
    await rig.bus.ensureStream(STREAM);
  });
  afterEach(() => rig[Symbol.asyncDispose]());

  const publish = (id: string, msgId = id) =>
    rig.bus.publish(
      SUBJECT,
      new TextEncoder().encode(JSON.stringify({ id, amountMicros: '9007199254740993' })),
      {
        'ce-id': id,
        'ce-time': '2026-01-02T00:00:00Z',
        'ce-aggregateid': 'hold_1',
        'ce-aggregateversion': '9007199254740993',
      },
      { msgId },
    );
  const states = async () =>
    Object.fromEntries((await rig.db.select().from(inbox)).map((row) => [`${row.consumer} ${row.eventId}`, row.state]));

  it('hands over the event as it was published', async () => {
    const got = deferred<IncomingEvent>();
    rig.startConsumer(async (_tx, event) => {
      got.resolve(event);
      return { kind: 'done' };
    });
    await publish('e1');
    expect(await got.promise).toEqual({
      id: 'e1',
      subject: SUBJECT,
      aggregateId: 'hold_1',
      aggregateVersion: 9007199254740993n,
      time: Date.UTC(2026, 0, 2),
      data: { id: 'e1', amountMicros: '9007199254740993' },
    });
  });

  it('has the effect once however often an event is delivered, over several replicas', async () => {
    for (let copy = 0; copy < 5; copy++) {
      for (const id of ['e1', 'e2', 'e3', 'e4']) await publish(id, `${id} ${copy}`);
    }
    let calls = 0;
    const handle: EventHandler = async (tx, event) => {
      calls += 1;
      return countAndFinish(tx, event);
    };
    rig.startConsumer(handle);
    rig.startConsumer(handle);
    await publish('last');
    await eventually(async () => expect(Object.keys(await rig.effects())).toHaveLength(5));
    expect(await rig.effects()).toEqual({ e1: 1, e2: 1, e3: 1, e4: 1, last: 1 });
    expect(calls).toBe(5);
  });

  it('gives each consumer every event', async () => {
    rig.startConsumer(async () => ({ kind: 'done' }), { durable: 'one' });
    rig.startConsumer(async () => ({ kind: 'done' }), { durable: 'two' });
    await publish('e1');
    await eventually(async () => expect(await states()).toEqual({ 'one e1': 'done', 'two e1': 'done' }));
  });

  it('takes only what its filter names', async () => {
    rig.startConsumer(async () => ({ kind: 'done' }), { subject: 'suanli.billing.wallet.>' });
    await publish('e1');
    await rig.bus.publish('suanli.billing.wallet.ran-low.v1', new TextEncoder().encode('{}'), headersOf('w1'), {
      msgId: 'w1',
    });
    await eventually(async () => expect(await states()).toEqual({ 'test-holds w1': 'done' }));
  });

  it('waits for a stream that its owner has not made yet, and takes what it held before', async () => {
    await using late = await createRig();
    late.startConsumer(countAndFinish);
    await late.append('e1');
    late.startRelay();
    await eventually(async () => expect(await late.effects()).toEqual({ e1: 1 }));
  });

  it('rolls back the effect of a handler that throws, and tries again', async () => {
    let calls = 0;
    rig.startConsumer(async (tx, event) => {
      calls += 1;
      await countEffect(tx, event.id);
      if (calls < 3) throw new Error('not this time');
      return { kind: 'done' };
    });
    await publish('e1');
    await eventually(async () => expect(await states()).toEqual({ 'test-holds e1': 'done' }));
    expect(await rig.effects()).toEqual({ e1: 1 });
    expect(calls).toBe(3);
  });

  it('does not count a handler that asks for another time, and rolls back what it wrote', async () => {
    let calls = 0;
    rig.startConsumer(
      async (tx, event) => {
        calls += 1;
        await countEffect(tx, event.id);
        return calls <= 5 ? { kind: 'retry', afterMs: 10 } : { kind: 'done' };
      },
      { maxLogicalFailures: 2 },
    );
    await publish('e1');
    await eventually(async () => expect(await states()).toEqual({ 'test-holds e1': 'done' }));
    expect(await rig.effects()).toEqual({ e1: 1 });
    expect(await listDeadLetters(rig.db)).toEqual([]);
  });

  it('finishes what is under way when stopped, and leaves the rest to others', async () => {
    const inHand = deferred();
    const mayFinish = deferred();
    const stop = rig.startConsumer(
      async (tx, event) => {
        inHand.resolve();
        await mayFinish.promise;
        return countAndFinish(tx, event);
      },
      { concurrency: 1 },
    );
    for (const id of ['e1', 'e2', 'e3', 'e4']) await publish(id);
    await inHand.promise;
    const stopped = stop();
    mayFinish.resolve();
    await stopped;
    const done = Object.keys(await rig.effects()).length;
    expect(done).toBeLessThan(4);
    rig.startConsumer(countAndFinish);
    await eventually(async () => expect(await rig.effects()).toEqual({ e1: 1, e2: 1, e3: 1, e4: 1 }));
  });

  it('handles several events at once, but no more than asked', async () => {
    let atOnce = 0;
    let most = 0;
    const allIn = deferred();
    rig.startConsumer(
      async () => {
        atOnce += 1;
        most = Math.max(most, atOnce);
        if (atOnce === 3) allIn.resolve();
        await allIn.promise;
        atOnce -= 1;
        return { kind: 'done' };
      },
      { concurrency: 3 },
    );
    for (let i = 0; i < 12; i++) await publish(`e${i}`);
    await eventually(async () => expect(Object.keys(await states())).toHaveLength(12));
    expect(most).toBe(3);
  });

  function headersOf(id: string) {
    return { 'ce-id': id, 'ce-time': '2026-01-02T00:00:00Z', 'ce-aggregateid': 'a', 'ce-aggregateversion': '1' };
  }
});
