import { and, eq, notInArray, sql } from 'drizzle-orm';
import type { NodeReport } from '../../app/stores.ts';
import type { Sql } from './rows.ts';
import { gpus, nodes } from './schema.ts';

/** Makes the stored nodes of a cluster those that its agent reports. What is gone is kept, marked: it may still be used. */
export async function replaceNodes(db: Sql, clusterId: string, reported: readonly NodeReport[]): Promise<void> {
  const nodeRows = reported.map(({ gpus: _devices, ...node }) => ({ ...node, clusterId, isPresent: true }));
  const gpuRows = reported.flatMap(({ nodeId, gpus: devices }) =>
    devices.map((gpu) => ({ ...gpu, clusterId, nodeId, isPresent: true })),
  );
  await db
    .update(nodes)
    .set({ isPresent: false })
    .where(
      and(
        eq(nodes.clusterId, clusterId),
        notInArray(
          nodes.nodeId,
          nodeRows.map((node) => node.nodeId),
        ),
      ),
    );
  await db
    .update(gpus)
    .set({ isPresent: false })
    .where(
      and(
        eq(gpus.clusterId, clusterId),
        notInArray(
          gpus.gpuId,
          gpuRows.map((gpu) => gpu.gpuId),
        ),
      ),
    );
  if (nodeRows.length > 0) {
    await db
      .insert(nodes)
      .values(nodeRows.toSorted((a, b) => (a.nodeId < b.nodeId ? -1 : 1)))
      .onConflictDoUpdate({
        target: [nodes.clusterId, nodes.nodeId],
        set: {
          milliCpus: sql`excluded.milli_cpus`,
          memoryBytes: sql`excluded.memory_bytes`,
          labels: sql`excluded.labels`,
          isPresent: true,
        },
      });
  }
  if (gpuRows.length === 0) return;
  await db
    .insert(gpus)
    .values(gpuRows.toSorted((a, b) => (a.gpuId < b.gpuId ? -1 : 1)))
    .onConflictDoUpdate({
      target: [gpus.clusterId, gpus.gpuId],
      set: {
        nodeId: sql`excluded.node_id`,
        deviceIndex: sql`excluded.device_index`,
        model: sql`excluded.model`,
        memoryBytes: sql`excluded.memory_bytes`,
        isHealthy: sql`excluded.is_healthy`,
        isPresent: true,
      },
    });
}
