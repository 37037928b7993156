import { and, asc, desc, eq, lte, gt } from 'drizzle-orm';
import type { LogStore, StoredChunk } from '../../app/stores.ts';
import type { Sql } from './rows.ts';
import { attempts, logChunks, tasks } from './schema.ts';

type TaskKey = { workloadId: string; epoch: number; taskIndex: number };

/** Chunks are at most 64 KiB; a page is read in steps of so many. */
const CHUNKS_PER_READ = 32;

export function logStore(db: Sql): LogStore {
  const isTask = ({ workloadId, epoch, taskIndex }: TaskKey) =>
    and(eq(tasks.workloadId, workloadId), eq(tasks.epoch, epoch), eq(tasks.index, taskIndex));
  const ofTask = ({ workloadId, epoch, taskIndex }: TaskKey) =>
    and(eq(logChunks.workloadId, workloadId), eq(logChunks.epoch, epoch), eq(logChunks.taskIndex, taskIndex));

  return {
    async lockTask(clusterId, key) {
      const [row] = await db
        .select({ logBytes: tasks.logBytes })
        .from(tasks)
        .innerJoin(attempts, and(eq(attempts.workloadId, tasks.workloadId), eq(attempts.epoch, tasks.epoch)))
        .where(and(isTask(key), eq(attempts.clusterId, clusterId)))
        .for('update', { of: tasks });
      return row?.logBytes;
    },
    async append({ data, loggedAt, ...chunk }) {
      await db.insert(logChunks).values({ ...chunk, data: Buffer.from(data), loggedAt: new Date(loggedAt) });
      await db
        .update(tasks)
        .set({ logBytes: chunk.offset + data.byteLength })
        .where(isTask(chunk));
    },
    async read(key, fromOffset, maxBytes) {
      const [first] = await db
        .select({ offset: logChunks.offset })
        .from(logChunks)
        .where(and(ofTask(key), lte(logChunks.offset, fromOffset)))
        .orderBy(desc(logChunks.offset))
        .limit(1);
      const rows = await db
        .select()
        .from(logChunks)
        .where(and(ofTask(key), gt(logChunks.offset, (first?.offset ?? 0) - 1)))
        .orderBy(asc(logChunks.offset))
        .limit(CHUNKS_PER_READ);
      return cut(rows, fromOffset, maxBytes);
    },
    async size(key) {
      const [row] = await db.select({ logBytes: tasks.logBytes }).from(tasks).where(isTask(key));
      return row?.logBytes ?? 0;
    },
  };
}

/** The chunks from an offset on, the first without what comes before it. */
function cut(rows: (typeof logChunks.$inferSelect)[], fromOffset: number, maxBytes: number): StoredChunk[] {
  const chunks: StoredChunk[] = [];
  let bytes = 0;
  for (const row of rows) {
    const offset = Math.max(row.offset, fromOffset);
    const data = row.data.subarray(offset - row.offset);
    if (data.byteLength === 0) continue;
    if (bytes > 0 && bytes + data.byteLength > maxBytes) break;
    chunks.push({ offset, data, loggedAt: row.loggedAt.getTime() });
    bytes += data.byteLength;
  }
  return chunks;
}
