import { withTransaction } from '@suanli/postgres';
import type { SchedulerDeps } from '../deps.ts';
import type { LogChunk, Stores } from '../stores.ts';

/** The answer to a log that is as long as it may be, or that nobody wants. */
const SEND_NO_MORE = -1;

/**
 * Stores chunks by their offset: what is there already is skipped, what would leave a gap is not taken. Answers, for each
 * chunk, how many bytes of its log are stored.
 */
export async function storeLogs(
  deps: SchedulerDeps,
  clusterId: string,
  chunks: readonly LogChunk[],
): Promise<number[]> {
  const stored = await withTransaction(deps.db, async (tx) => {
    const stores = deps.stores(tx);
    const sizes: number[] = [];
    for (const chunk of chunks) sizes.push(await storeChunk(deps, stores, clusterId, chunk));
    return sizes;
  });
  for (const workloadId of new Set(chunks.map((chunk) => chunk.workloadId))) deps.wakes.logs(workloadId);
  return stored;
}

async function storeChunk(deps: SchedulerDeps, stores: Stores, clusterId: string, chunk: LogChunk): Promise<number> {
  const size = await stores.logs.lockTask(clusterId, chunk);
  const limit = deps.policy.logBytesPerTask;
  if (size === undefined || size >= limit) return SEND_NO_MORE;
  const known = size - chunk.offset;
  const data = chunk.data.subarray(Math.max(0, known), limit - chunk.offset);
  if (known < 0 || data.byteLength === 0) return size;
  await stores.logs.append({ ...chunk, offset: size, data });
  const next = size + data.byteLength;
  return next >= limit ? SEND_NO_MORE : next;
}
