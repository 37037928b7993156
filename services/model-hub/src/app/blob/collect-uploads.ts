import type { HubDeps } from '../ports.ts';

/** No transfer may take longer (see the data port's own limit), so nothing that is still being sent is collected. */
export const ABANDONED_AFTER_MS = 24 * 3_600_000;
const FORGET_BATCH = 500;

/**
 * Forgets uploads that nobody touched for ABANDONED_AFTER_MS, then discards all bytes that belong to no open upload:
 * also those that a crash left behind. Bytes come after the record that opens them, so none are taken too early.
 */
export async function collectUploads(
  deps: Pick<HubDeps, 'work' | 'bytes' | 'clock'>,
  signal: AbortSignal,
): Promise<{ forgotten: number; discarded: number }> {
  const untouchedSince = deps.clock.now() - ABANDONED_AFTER_MS;
  let forgotten = 0;
  for (let batch = FORGET_BATCH; batch === FORGET_BATCH && !signal.aborted; forgotten += batch) {
    batch = await deps.work(({ blobs }) => blobs.forgetUploads(untouchedSince, FORGET_BATCH));
  }
  let discarded = 0;
  for await (const ids of inBatches(deps.bytes.listUploads(), FORGET_BATCH)) {
    if (signal.aborted) break;
    const open = new Set(await deps.work(({ blobs }) => blobs.openAmong(ids)));
    for (const id of ids.filter((candidate) => !open.has(candidate))) {
      await deps.bytes.discard(id);
      discarded += 1;
    }
  }
  return { forgotten, discarded };
}

async function* inBatches<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let batch: T[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
