import { type EventHandler, listDeadLetters, readBacklog, replayDeadLetter } from '@suanli/messaging';
import { eventually } from '@suanli/test-kit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { countAndFinish, countEffect, createRig, type Rig, STREAM, SUBJECT } from './rig.ts';

describe('dead letters', () => {
  let rig: Rig;
  let calls: number;
  beforeEach(async () => {
    rig = await createRig();
    calls = 0;
    await rig.bus.ensureStream(STREAM);
    rig.startRelay();
  });
  afterEach(() => rig[Symbol.asyncDispose]());

  const deadIds = async () => (await listDeadLetters(rig.db)).map((letter) => letter.eventId);
  const throwing: EventHandler = async (tx, event) => {
    calls += 1;
    await countEffect(tx, event.id);
    throw new Error('cannot take this');
  };

  it('gives up after the named number of failures, and goes on with other events', async () => {
    rig.startConsumer(async (tx, event) => (event.id === 'bad' ? throwing(tx, event) : countAndFinish(tx, event)), {
      maxLogicalFailures: 3,
    });
    await rig.append('bad', 'good');
    await eventually(async () => expect(await deadIds()).toEqual(['bad']));
    await eventually(async () => expect(await rig.effects()).toEqual({ good: 1 }));
    expect(calls).toBe(3);
    const [letter] = await listDeadLetters(rig.db, { consumer: 'test-holds' });
    expect(letter).toMatchObject({ subject: SUBJECT, attempts: 3, payload: { id: 'bad' } });
    expect(letter?.reason).toContain('cannot take this');
    expect(await readBacklog(rig.db)).toMatchObject({ dead: 1 });
  });

  it('buries at once what the handler calls dead, without its effect', async () => {
    rig.startConsumer(async (tx, event) => {
      await countEffect(tx, event.id);
      return { kind: 'dead', reason: 'unknown price version' };
    });
    await rig.append('e1');
    await eventually(async () => expect(await deadIds()).toEqual(['e1']));
    expect((await listDeadLetters(rig.db))[0]?.reason).toBe('unknown price version');
    expect(await rig.effects()).toEqual({});
  });

  it('buries an event that stays not ready for too long', async () => {
    rig.startConsumer(async () => ({ kind: 'retry', afterMs: 10 }), { maxRetryMs: 200 });
    await rig.append('e1');
    await eventually(async () => expect(await deadIds()).toEqual(['e1']));
  });

  it.each([
    ['without an id', {}, '{}'],
    ['without a version', { 'ce-id': 'm1', 'ce-time': '2026-01-02T00:00:00Z', 'ce-aggregateid': 'a' }, '{}'],
    [
      'that is not JSON',
      { 'ce-id': 'm1', 'ce-time': '2026-01-02T00:00:00Z', 'ce-aggregateid': 'a', 'ce-aggregateversion': '1' },
      '{',
    ],
  ])('buries a message %s and keeps its bytes', async (_case, headers, body) => {
    rig.startConsumer(countAndFinish);
    await rig.bus.publish(SUBJECT, new TextEncoder().encode(body), headers, { msgId: 'm1' });
    await eventually(async () => expect(await deadIds()).toHaveLength(1));
    expect((await listDeadLetters(rig.db))[0]?.payload).toEqual({ raw: Buffer.from(body).toString('base64') });
  });

  it('tries a dead letter again on request, with one effect', async () => {
    let isFixed = false;
    rig.startConsumer(async (tx, event) => (isFixed ? countAndFinish(tx, event) : throwing(tx, event)), {
      maxLogicalFailures: 1,
    });
    await rig.append('e1');
    await eventually(async () => expect(await deadIds()).toEqual(['e1']));
    isFixed = true;
    expect(await replayDeadLetter(rig.db, 'test-holds', 'e1')).toBe(true);
    await eventually(async () => expect(await rig.effects()).toEqual({ e1: 1 }));
    expect(await deadIds()).toEqual([]);
    expect(await replayDeadLetter(rig.db, 'test-holds', 'e1')).toBe(false);
  });

  it('is a dead letter again at once when the replay fails', async () => {
    rig.startConsumer(throwing, { maxLogicalFailures: 2 });
    await rig.append('e1');
    await eventually(async () => expect(await deadIds()).toEqual(['e1']));
    await replayDeadLetter(rig.db, 'test-holds', 'e1');
    await eventually(() => expect(calls).toBe(3));
    await eventually(async () => expect(await deadIds()).toEqual(['e1']));
  });
});
