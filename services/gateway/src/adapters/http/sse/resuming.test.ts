import { status } from '@grpc/grpc-js';
import { GrpcCallError } from '@suanli/grpc-kit';
import { SimClock } from '@suanli/test-kit';
import { describe, expect, it } from 'vitest';
import { resuming } from './resuming.ts';

const broken = (kind: 'unavailable' | 'deadline' | 'refused') =>
  new GrpcCallError({ kind, status: status.UNAVAILABLE, message: kind, metadata: {} }, '/test', undefined);

/** A stream that gives 1, 2, 3 … and breaks after each `breakAfter` items, until `end`. */
function counting(breakAfter: number, end: number, error: GrpcCallError) {
  const opened: (number | undefined)[] = [];
  const open = async function* (last: number | undefined) {
    opened.push(last);
    for (let next = (last ?? 0) + 1, given = 0; next <= end; next++, given++) {
      if (given === breakAfter) throw error;
      yield next;
    }
  };
  return { open, opened };
}

async function collect(source: AsyncIterable<number>, clock: SimClock): Promise<number[]> {
  const items: number[] = [];
  const reading = (async () => {
    for await (const item of source) items.push(item);
    return 'done' as const;
  })();
  const turn = () => clock.advanceToNext().then(() => 'waiting' as const);
  while ((await Promise.race([reading, turn()])) === 'waiting');
  return items;
}

describe('resuming', () => {
  const { signal } = new AbortController();

  it('passes each item once, in order, over as many streams as it takes', async () => {
    const clock = new SimClock();
    const { open, opened } = counting(2, 7, broken('unavailable'));
    expect(await collect(resuming({ clock }, signal, open), clock)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(opened).toEqual([undefined, 2, 4, 6]);
  });

  it('does not go on after a refusal', async () => {
    const clock = new SimClock();
    const { open } = counting(1, 3, broken('refused'));
    await expect(collect(resuming({ clock }, signal, open), clock)).rejects.toThrow('refused');
  });

  it('gives up when nothing came for a minute', async () => {
    const clock = new SimClock();
    const { open } = counting(0, 3, broken('unavailable'));
    const startedMs = clock.monotonicMs();
    await expect(collect(resuming({ clock }, signal, open), clock)).rejects.toThrow('unavailable');
    expect(clock.monotonicMs() - startedMs).toBeGreaterThanOrEqual(60_000);
  });
});
