import { BusUnavailable, connectBus, RequestFailed } from '@suanli/messaging';
import { deferred, eventually, silentLogger, type TestBus, testBus } from '@suanli/test-kit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { STREAM, SUBJECT } from './rig.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (data: Uint8Array) => new TextDecoder().decode(data);

describe('bus', () => {
  let bus: TestBus;
  beforeEach(async () => {
    bus = await testBus();
  });
  afterEach(() => bus[Symbol.asyncDispose]());

  it('answers a request, with its subject', async () => {
    await using _responder = bus.respond('agent.*.up.*', { queue: 'q' }, async (request) =>
      bytes(`${request.subject}: ${text(request.data)}`),
    );
    const reply = await bus.request('agent.hefei.up.sync', bytes('hello'), { timeoutMs: 2_000 });
    expect(text(reply)).toBe('agent.hefei.up.sync: hello');
  });

  it('shares requests among the responders of one queue', async () => {
    await using other = await bus.connect('other');
    const seen: string[] = [];
    const respond = (on: typeof other, who: string) =>
      on.respond('work', { queue: 'q' }, async () => {
        seen.push(who);
        return bytes('ok');
      });
    await using _first = respond(bus, 'first');
    await using _second = respond(other, 'second');
    await eventually(async () => {
      await bus.request('work', bytes(''), { timeoutMs: 2_000 });
      expect(new Set(seen)).toEqual(new Set(['first', 'second']));
    });
  });

  it('says at once that nobody responds', async () => {
    await expect(bus.request('nobody', bytes(''), { timeoutMs: 5_000 })).rejects.toBeInstanceOf(BusUnavailable);
  });

  it('gives up when the answer takes too long', async () => {
    const mayAnswer = deferred<Uint8Array>();
    await using _responder = bus.respond('slow', { queue: 'q' }, () => mayAnswer.promise);
    await expect(bus.request('slow', bytes(''), { timeoutMs: 50 })).rejects.toBeInstanceOf(BusUnavailable);
    mayAnswer.resolve(bytes(''));
  });

  it('gives up when the caller does', async () => {
    const mayAnswer = deferred<Uint8Array>();
    await using _responder = bus.respond('slow', { queue: 'q' }, () => mayAnswer.promise);
    const caller = new AbortController();
    const asked = bus.request('slow', bytes(''), { timeoutMs: 5_000, signal: caller.signal });
    caller.abort(new Error('gone'));
    await expect(asked).rejects.toThrow('gone');
    mayAnswer.resolve(bytes(''));
  });

  it('tells the caller that the handler failed, and not why', async () => {
    await using _responder = bus.respond('broken', { queue: 'q' }, () => Promise.reject(new Error('secret')));
    const asked = bus.request('broken', bytes(''), { timeoutMs: 2_000 });
    await expect(asked).rejects.toBeInstanceOf(RequestFailed);
    await expect(asked).rejects.not.toThrow('secret');
  });

  it('finishes the answers under way when a responder is disposed', async () => {
    const mayAnswer = deferred<Uint8Array>();
    const inHand = deferred();
    const responder = bus.respond('slow', { queue: 'q' }, () => {
      inHand.resolve();
      return mayAnswer.promise;
    });
    const asked = bus.request('slow', bytes(''), { timeoutMs: 5_000 });
    await inHand.promise;
    const disposed = responder[Symbol.asyncDispose]();
    mayAnswer.resolve(bytes('late but there'));
    expect(text(await asked)).toBe('late but there');
    await disposed;
  });

  it('wakes those who listen until they stop', async () => {
    const heard: string[] = [];
    const listener = bus.listen('wake.>', (message) => heard.push(message.subject));
    await eventually(() => {
      bus.broadcast('wake.a', bytes(''));
      expect(heard).toContain('wake.a');
    });
    await listener[Symbol.asyncDispose]();
  });

  it('stores an event once when it is published twice', async () => {
    await bus.ensureStream(STREAM);
    for (const id of ['a', 'a', 'b']) await bus.publish(SUBJECT, bytes(id), {}, { msgId: id });
    const stop = new AbortController();
    const seen: string[] = [];
    const source = { stream: STREAM.name, durable: 'd', subject: 'suanli.billing.>', buffer: 5, ackWaitMs: 30_000 };
    for await (const delivery of bus.pull(source, stop.signal)) {
      seen.push(text(delivery.data));
      delivery.ack();
      if (seen.length === 2) stop.abort();
    }
    expect(seen).toEqual(['a', 'b']);
  });

  it('brings a stream to a changed configuration, also when several owners start at once', async () => {
    await Promise.all([bus.ensureStream(STREAM), bus.ensureStream(STREAM), bus.ensureStream(STREAM)]);
    await bus.ensureStream({
      ...STREAM,
      subjects: ['suanli.billing.>', 'suanli.more.>'],
      maxAgeMs: 7_200_000,
      maxBytes: 1_000_000,
    });
    await expect(bus.publish('suanli.more.x.y.v1', bytes('x'), {}, { msgId: 'x' })).resolves.toBeUndefined();
  });

  it('refuses to publish into a full stream instead of forgetting events', async () => {
    await bus.ensureStream({ ...STREAM, maxBytes: 2_000 });
    const fill = async () => {
      for (let i = 0; i < 20; i++) await bus.publish(SUBJECT, bytes('x'.repeat(500)), {}, { msgId: String(i) });
    };
    await expect(fill()).rejects.toThrow('maximum bytes exceeded');
  });

  it('says that no stream takes a subject', async () => {
    await expect(bus.publish('suanli.nobody.x.y.v1', bytes(''), {}, { msgId: 'x' })).rejects.toBeInstanceOf(
      BusUnavailable,
    );
  });

  it('fails at once with a wrong password', async () => {
    const connecting = connectBus({ url: bus.url, user: bus.user, password: 'wrong', name: 'x' }, silentLogger);
    await expect(connecting).rejects.toThrow(/authorization/i);
  });
});
