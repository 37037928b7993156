import { notFound, readGrpcError, refuse } from '@suanli/grpc-kit';
import { describe, expect, it } from 'vitest';
import { collect, failureOf, gate, startLab } from './lab.ts';

const MESSAGES = 10_000;
/** Far above what one HTTP/2 window and the buffers of both sides hold at this size, far below MESSAGES. */
const MAX_AHEAD = 1_000;

describe('a server stream', () => {
  it('brings 10,000 messages in order, produced no faster than they are read', async () => {
    let produced = 0;
    await using lab = await startLab({
      count: async function* (_ctx, { upTo, paddingChars }) {
        const padding = 'x'.repeat(paddingChars);
        for (; produced < upTo; ) yield { value: produced++, padding };
      },
    });
    let read = 0;
    let ahead = 0;
    for await (const { value } of lab.client.count({ upTo: MESSAGES, paddingChars: 1_000 }, { deadlineMs: 30_000 })) {
      expect(value).toBe(read++);
      ahead = Math.max(ahead, produced - read);
      if (read % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(read).toBe(MESSAGES);
    expect(ahead).toBeLessThan(MAX_AHEAD);
  });

  it('stops the producer, and lets it clean up, when the reader stops early', async () => {
    const cleaned = gate<number>();
    await using lab = await startLab({
      count: async function* (_ctx, { paddingChars }) {
        let value = 0;
        try {
          for (;;) yield { value: value++, padding: 'x'.repeat(paddingChars) };
        } finally {
          cleaned.resolve(value);
        }
      },
    });
    const messages = lab.client.count({ upTo: 0, paddingChars: 1_000 }, { deadlineMs: 60_000 });
    for await (const { value } of messages) if (value === 10) break;
    expect(await cleaned.promise).toBeLessThan(MAX_AHEAD);
  });

  it('delivers what was yielded before a refusal, then the reason', async () => {
    await using lab = await startLab({
      count: async function* () {
        yield { value: 1, padding: '' };
        yield { value: 2, padding: '' };
        return refuse(notFound('LOG_GONE', 'the log is gone'));
      },
    });
    const read: number[] = [];
    const reading = (async () => {
      for await (const { value } of lab.client.count({ upTo: 0, paddingChars: 0 })) read.push(value);
    })();
    const view = readGrpcError(await failureOf(reading));
    expect(view).toMatchObject({ kind: 'refused', reason: 'LOG_GONE' });
    expect(read).toEqual([1, 2]);
  });

  it('ends at the deadline although the producer hangs, and aborts it', async () => {
    const aborted = gate();
    await using lab = await startLab({
      count: async function* (ctx) {
        yield { value: 1, padding: '' };
        await new Promise<void>((resolve) => ctx.signal.addEventListener('abort', () => resolve()));
        aborted.resolve();
      },
    });
    const reading = collect(lab.client.count({ upTo: 0, paddingChars: 0 }, { deadlineMs: 100 }));
    expect(readGrpcError(await failureOf(reading)).kind).toBe('deadline');
    await aborted.promise;
  });

  it('makes no call before it is read', async () => {
    let calls = 0;
    await using lab = await startLab({
      count: async function* () {
        calls += 1;
        yield { value: 1, padding: '' };
      },
    });
    const unread = lab.client.count({ upTo: 1, paddingChars: 0 });
    await lab.client.echo({ text: '' });
    expect(calls).toBe(0);
    expect(await collect(unread)).toHaveLength(1);
  });
});
