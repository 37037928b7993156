import {
  createGrpcClient,
  failedPrecondition,
  GrpcCallError,
  grpcError,
  readGrpcError,
  refuse,
} from '@suanli/grpc-kit';
import { eventually, silentLogger } from '@suanli/test-kit';
import { describe, expect, it } from 'vitest';
import { MAX_UNARY_IN_FLIGHT } from '../src/limits.ts';
import { LabServiceClient } from './lab-service.ts';
import { CALL_MS, failureOf, gate, startLab } from './lab.ts';

describe('a unary call', () => {
  it('carries the correlation id of its caller', async () => {
    await using lab = await startLab({ echo: async (ctx) => ({ text: ctx.correlationId }) });
    const ctx = { correlationId: 'cor_1', signal: new AbortController().signal };
    expect(await lab.client.echo({ text: '' }, { ctx })).toEqual({ text: 'cor_1' });
  });

  it('gets a new correlation id in place of one that is unfit for logs and headers', async () => {
    await using lab = await startLab({ echo: async (ctx) => ({ text: ctx.correlationId }) });
    const ctx = { correlationId: 'x\n{"level":"error"}', signal: new AbortController().signal };
    expect((await lab.client.echo({ text: '' }, { ctx })).text).toMatch(/^cor_[0-9a-z]{26}$/);
  });

  it('is refused before it starts when the server is full, and takes a place as soon as one is free', async () => {
    const release = gate();
    let running = 0;
    await using lab = await startLab({
      echo: async () => {
        running += 1;
        await release.promise;
        return { text: '' };
      },
    });
    const full = Array.from({ length: MAX_UNARY_IN_FLIGHT }, () => lab.client.echo({ text: '' }));
    await eventually(() => running === MAX_UNARY_IN_FLIGHT);
    expect(readGrpcError(await failureOf(lab.client.echo({ text: '' })))).toMatchObject({
      kind: 'unavailable',
      reason: 'OVERLOADED',
    });
    release.resolve();
    await Promise.all(full);
    expect(await lab.client.echo({ text: '' })).toEqual({ text: '' });
    expect(running).toBe(MAX_UNARY_IN_FLIGHT + 1);
  });

  it('brings a refusal with its reason and figures to the caller', async () => {
    const refusal = failedPrecondition('INSUFFICIENT_FUNDS', '余额不足', { missingMicros: 42n });
    await using lab = await startLab({ echo: async () => refuse(refusal) });
    const error = await failureOf(lab.client.echo({ text: '' }));
    expect(error).toBeInstanceOf(GrpcCallError);
    expect(readGrpcError(error)).toMatchObject({
      kind: 'refused',
      status: 9,
      reason: 'INSUFFICIENT_FUNDS',
      message: '余额不足',
      metadata: { missingMicros: '42' },
    });
  });

  it('is refused by a throw from deep inside just the same', async () => {
    await using lab = await startLab({
      echo: async () => {
        throw grpcError(failedPrecondition('FROZEN', 'frozen'));
      },
    });
    expect(readGrpcError(await failureOf(lab.client.echo({ text: '' })))).toMatchObject({ reason: 'FROZEN' });
  });

  it('tells nothing of a bug but an id to quote, and logs the cause', async () => {
    const logged: object[] = [];
    const logger = { ...silentLogger, error: (fields: object) => void logged.push(fields), child: () => logger };
    const bug = new Error('password is hunter2');
    const echo = async () => {
      throw bug;
    };
    await using lab = await startLab({ echo }, { logger });
    const view = readGrpcError(await failureOf(lab.client.echo({ text: '' })));
    expect(view).toMatchObject({ kind: 'failed', reason: 'INTERNAL', message: 'internal error' });
    expect(logged).toEqual([{ err: bug, correlationId: view.metadata['correlationId'] }]);
  });

  it('says UNAVAILABLE when a dependency is away', async () => {
    const echo = async () => {
      throw Object.assign(new Error('terminating connection'), { code: '57P01' });
    };
    await using lab = await startLab({ echo });
    const view = readGrpcError(await failureOf(lab.client.echo({ text: '' })));
    expect(view).toMatchObject({ kind: 'unavailable', reason: 'DEPENDENCY_UNAVAILABLE' });
  });

  it('ends at its deadline for the caller, and aborts the handler', async () => {
    const aborted = gate<unknown>();
    await using lab = await startLab({
      echo: (ctx) => new Promise(() => ctx.signal.addEventListener('abort', () => aborted.resolve(ctx.signal.reason))),
    });
    const view = readGrpcError(await failureOf(lab.client.echo({ text: '' }, { deadlineMs: 50 })));
    expect(view.kind).toBe('deadline');
    expect(await aborted.promise).toMatchObject({ name: 'TimeoutError' });
  });

  it('is bounded by the server when the caller names a longer deadline', async () => {
    await using lab = await startLab({ echo: () => new Promise(() => undefined), maxDurationMs: 50 });
    const view = readGrpcError(await failureOf(lab.client.echo({ text: '' })));
    expect(view).toMatchObject({ kind: 'deadline', reason: 'DEADLINE_EXCEEDED' });
  });

  it('aborts the handler when the caller leaves', async () => {
    const [reached, aborted] = [gate(), gate<unknown>()];
    await using lab = await startLab({
      echo: (ctx) => {
        reached.resolve();
        return new Promise(() => ctx.signal.addEventListener('abort', () => aborted.resolve(ctx.signal.reason)));
      },
    });
    const leaving = new AbortController();
    const call = failureOf(lab.client.echo({ text: '' }, { signal: leaving.signal }));
    await reached.promise;
    leaving.abort();
    expect(readGrpcError(await call).kind).toBe('cancelled');
    expect(await aborted.promise).toMatchObject({ name: 'AbortError' });
  });

  it('is a missed deadline when the caller’s own time ran out', async () => {
    await using lab = await startLab({ echo: () => new Promise(() => undefined) });
    const call = lab.client.echo({ text: '' }, { signal: AbortSignal.timeout(50) });
    expect(readGrpcError(await failureOf(call)).kind).toBe('deadline');
  });

  it('does not look cancelled after it went well', async () => {
    const signals: AbortSignal[] = [];
    const codes: number[] = [];
    await using lab = await startLab(
      {
        echo: async (ctx) => {
          signals.push(ctx.signal);
          return { text: '' };
        },
      },
      { observe: ({ code }) => codes.push(code) },
    );
    await lab.client.echo({ text: '' });
    await lab.client.echo({ text: '' });
    expect(signals.map((signal) => signal.aborted)).toEqual([false, false]);
    expect(codes).toEqual([0, 0]);
  });

  it('fails as an answer, not as a hang, when a message is too large', async () => {
    await using lab = await startLab({});
    const view = readGrpcError(await failureOf(lab.client.echo({ text: 'x'.repeat(5 * 1024 * 1024) })));
    expect(view).toMatchObject({ kind: 'refused', status: 8 });
  });

  it('fails at once when nobody listens, unless it waits for readiness', async () => {
    const lab = await startLab({});
    const { address } = lab;
    await lab[Symbol.asyncDispose]();
    await using client = createGrpcClient(LabServiceClient, { address, defaultDeadlineMs: CALL_MS });
    expect(readGrpcError(await failureOf(client.echo({ text: '' }))).kind).toBe('unavailable');
    const waiting = client.echo({ text: 'back' }, { waitForReady: true });
    await using again = await startLab({}, { address });
    expect(await waiting).toEqual({ text: 'back' });
    expect(again.address).toBe(address);
  });

  it('is repeated on UNAVAILABLE only when it says so, and only so often', async () => {
    let calls = 0;
    const echo = async () => {
      calls += 1;
      if (calls < 3) throw Object.assign(new Error(), { code: 'ECONNREFUSED' });
      return { text: `after ${calls}` };
    };
    await using lab = await startLab({ echo });
    expect(readGrpcError(await failureOf(lab.client.echo({ text: '' }))).kind).toBe('unavailable');
    expect(calls).toBe(1);
    expect(await lab.client.echo({ text: '' }, { retryUnavailable: { attempts: 3 } })).toEqual({ text: 'after 3' });
  });

  it('survives a restart of the server', async () => {
    const first = await startLab({});
    const { address } = first;
    await using client = createGrpcClient(LabServiceClient, { address, defaultDeadlineMs: CALL_MS });
    expect(await client.echo({ text: '1' })).toEqual({ text: '1' });
    await first[Symbol.asyncDispose]();
    await using _second = await startLab({}, { address });
    expect(await eventually(() => client.echo({ text: '2' }))).toEqual({ text: '2' });
  });
});
