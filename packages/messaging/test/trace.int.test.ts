import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { appendOutbox, withTransaction } from '@suanli/postgres';
import { deferred } from '@suanli/test-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRig, fact } from './rig.ts';

const SPAN = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 };

describe('trace context', () => {
  beforeAll(() => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  });
  afterAll(() => {
    context.disable();
    propagation.disable();
  });

  const inTrace = <T>(work: () => Promise<T>) => context.with(trace.setSpanContext(context.active(), SPAN), work);
  const activeTraceId = () => trace.getSpanContext(context.active())?.traceId;

  it('goes from the transaction of a fact through outbox and stream to its handler', async () => {
    await using rig = await createRig();
    const seen = deferred<string | undefined>();
    rig.startConsumer(async () => {
      seen.resolve(activeTraceId());
      return { kind: 'done' };
    });
    rig.startRelay();
    await inTrace(() => withTransaction(rig.db, (tx) => appendOutbox(tx, [fact('e1')])));
    expect(await seen.promise).toBe(SPAN.traceId);
  });

  it('goes from a request to its responder', async () => {
    await using rig = await createRig();
    const seen = deferred<string | undefined>();
    await using _responder = rig.bus.respond('ask', { queue: 'q' }, async () => {
      seen.resolve(activeTraceId());
      return new Uint8Array();
    });
    await inTrace(() => rig.bus.request('ask', new Uint8Array(), { timeoutMs: 2_000 }));
    expect(await seen.promise).toBe(SPAN.traceId);
  });
});
