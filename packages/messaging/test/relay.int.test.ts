import { systemClock } from '@suanli/kernel';
import { createOutboxRelay, resendSince } from '@suanli/messaging';
import { appendOutbox, connectPostgres, outbox, withTransaction } from '@suanli/postgres';
import { deferred, eventually, silentLogger } from '@suanli/test-kit';
import { asc, isNull, sql } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { busWith, countAndFinish, createRig, fact, type Rig, STREAM, SUBJECT } from './rig.ts';

describe('outbox relay', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await createRig();
    await rig.bus.ensureStream(STREAM);
  });
  afterEach(() => rig[Symbol.asyncDispose]());

  const unsent = async () =>
    (
      await rig.db.select({ id: outbox.id }).from(outbox).where(isNull(outbox.sentAt)).orderBy(asc(outbox.position))
    ).map((row) => row.id);
  const received = async (count: number) => {
    const stop = new AbortController();
    const deliveries = [];
    const source = { stream: 'billing', durable: 'probe', subject: 'suanli.billing.>', buffer: 10, ackWaitMs: 30_000 };
    for await (const delivery of rig.bus.pull(source, stop.signal)) {
      delivery.ack();
      deliveries.push(delivery);
      if (deliveries.length === count) stop.abort();
    }
    return deliveries;
  };

  it('publishes facts as CloudEvents in binary mode, and marks them sent', async () => {
    const tenant = { accountId: 'acc_1', workspaceId: 'wsp_1', principalId: 'usr_1' };
    await withTransaction(rig.db, (tx) => appendOutbox(tx, [fact('e1', { tenant, aggregateVersion: 7n })]));
    rig.startRelay();
    await eventually(async () => expect(await unsent()).toEqual([]));
    const [delivery] = await received(1);
    expect(delivery?.subject).toBe(SUBJECT);
    expect(JSON.parse(new TextDecoder().decode(delivery?.data))).toEqual({ id: 'e1' });
    expect(delivery?.headers).toMatchObject({
      'ce-specversion': '1.0',
      'ce-id': 'e1',
      'ce-type': SUBJECT,
      'ce-source': '/suanli/billing',
      'ce-time': '2026-01-02T00:00:00.000Z',
      'ce-aggregateid': 'hold_e1',
      'ce-aggregateversion': '7',
      'ce-accountid': 'acc_1',
      'content-type': 'application/json',
      'Nats-Msg-Id': 'e1',
    });
  });

  it('publishes nothing of a transaction that rolled back', async () => {
    const failing = withTransaction(rig.db, async (tx) => {
      await appendOutbox(tx, [fact('never')]);
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    await rig.append('e1');
    rig.startRelay();
    const deliveries = await received(1);
    expect(deliveries.map((delivery) => delivery.headers['ce-id'])).toEqual(['e1']);
  });

  it('publishes the fact of a slow transaction although later ones went out before it', async () => {
    rig.startRelay();
    await withTransaction(rig.db, async (tx) => {
      await appendOutbox(tx, [fact('slow')]);
      await rig.append('quick');
      await eventually(async () => expect(await unsent()).toEqual([]));
    });
    await eventually(async () => expect(await unsent()).toEqual([]));
    const deliveries = await received(2);
    expect(deliveries.map((delivery) => delivery.headers['ce-id'])).toEqual(['quick', 'slow']);
  });

  it('has each effect once when a replica dies between publishing and marking', async () => {
    const ids = Array.from({ length: 20 }, (_, i) => `e${i}`);
    await rig.append(...ids);
    const died = deferred();
    const neverReturns = deferred();
    let published = 0;
    // Dies with everything published and nothing marked; its connections end as those of a killed process do.
    const db = await connectPostgres({ url: rig.database.url, applicationName: 'doomed' }, silentLogger);
    const bus = busWith(rig.bus, {
      publish: async (subject, data, headers, { msgId }) => {
        await rig.bus.publish(subject, data, headers, { msgId: `${msgId} first` });
        published += 1;
        if (published === ids.length) await db[Symbol.asyncDispose]().then(() => died.resolve());
        await neverReturns.promise;
      },
    });
    rig.startRelay({ db, bus, holder: 'doomed' });
    await died.promise;
    expect(await unsent()).toEqual(ids);
    rig.startConsumer(countAndFinish);
    // The survivor publishes under the ids as they are: the server takes them for new, as it does after its window.
    rig.startRelay({ holder: 'survivor' });
    await eventually(async () => expect(await unsent()).toEqual([]));
    await eventually(async () => expect(Object.keys(await rig.effects())).toHaveLength(ids.length));
    const deliveries = await received(ids.length * 2);
    expect(new Set(deliveries.map((delivery) => delivery.headers['ce-id']))).toEqual(new Set(ids));
    expect(Object.values(await rig.effects())).toEqual(ids.map(() => 1));
    neverReturns.resolve();
  });

  it('marks nothing under an epoch that is over', async () => {
    await rig.append('e1');
    const publishing = deferred();
    const mayReturn = deferred();
    const slowBus = busWith(rig.bus, {
      publish: async () => {
        publishing.resolve();
        await mayReturn.promise;
      },
    });
    const stop = rig.startRelay({ bus: slowBus });
    await publishing.promise;
    await rig.db.execute(
      sql`update leadership set epoch = epoch + 1, holder = 'other', lease_until = now() + interval '1 hour'`,
    );
    mayReturn.resolve();
    await stop();
    expect(await unsent()).toEqual(['e1']);
  });

  it('does not let a fact that no stream takes hold up the others', async () => {
    await withTransaction(rig.db, (tx) =>
      appendOutbox(tx, [fact('lost', { subject: 'suanli.nobody.took.this.v1' }), fact('e1')]),
    );
    rig.startRelay();
    await eventually(async () => expect(await unsent()).toEqual(['lost']));
    await rig.append('e2');
    await eventually(async () => expect(await unsent()).toEqual(['lost']));
    expect((await received(2)).map((delivery) => delivery.headers['ce-id'])).toEqual(['e1', 'e2']);
  });

  it('publishes at once when woken', async () => {
    const relay = createOutboxRelay({
      ...{
        db: rig.db,
        bus: rig.bus,
        stream: STREAM,
        holder: 'a',
        pollMs: 600_000,
        clock: systemClock,
        logger: silentLogger,
      },
    });
    rig.start(relay.run);
    await rig.append('first');
    await eventually(async () => {
      relay.wake();
      expect(await unsent()).toEqual([]);
    });
    await rig.append('second');
    relay.wake();
    await eventually(async () => expect(await unsent()).toEqual([]));
  });

  it('publishes again what an operator asks for, without a second effect', async () => {
    const before = new Date(Date.now() - 60_000);
    await rig.append('e1', 'e2');
    rig.startConsumer(countAndFinish);
    rig.startRelay();
    await eventually(async () => expect(await rig.effects()).toEqual({ e1: 1, e2: 1 }));
    await eventually(async () => expect(await unsent()).toEqual([]));
    expect(await resendSince(rig.db, before)).toBe(2);
    await eventually(async () => expect(await unsent()).toEqual([]));
    expect(await rig.effects()).toEqual({ e1: 1, e2: 1 });
  });
});
