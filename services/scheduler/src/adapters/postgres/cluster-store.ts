import { and, asc, eq, sql } from 'drizzle-orm';
import type { ClusterStore } from '../../app/stores.ts';
import type { KnownCluster } from '../../domain/placement/feasibility.ts';
import { type ClusterSpace, MILLI_PER_GPU, type NodeSpace } from '../../domain/placement/space.ts';
import { replaceNodes } from './replace-nodes.ts';
import type { Sql } from './rows.ts';
import { clusters, gpus, nodes, skus } from './schema.ts';

export function clusterStore(db: Sql): ClusterStore {
  return {
    async now() {
      const found = await db.execute<{ now: string }>(
        sql`select floor(extract(epoch from clock_timestamp()) * 1000)::text as now`,
      );
      return Number(found.rows[0]?.now);
    },
    async lock(clusterId) {
      const [row] = await db.select().from(clusters).where(eq(clusters.clusterId, clusterId)).for('update');
      if (row === undefined) return undefined;
      const { region, instanceId, sequence, nodesHash, lastSyncAt, lostAt } = row;
      return {
        ...{ clusterId, region, instanceId, sequence, nodesHash },
        ...(lastSyncAt !== null && { lastSyncAt: lastSyncAt.getTime() }),
        ...(lostAt !== null && { lostAt: lostAt.getTime() }),
      };
    },
    async recordSync(clusterId, mark, now) {
      await db
        .update(clusters)
        .set({ ...mark, lastSyncAt: new Date(now), lostAt: null })
        .where(eq(clusters.clusterId, clusterId));
    },
    replaceNodes: (clusterId, reported) => replaceNodes(db, clusterId, reported),
    async nodeIds(clusterId) {
      const rows = await db
        .select({ id: nodes.nodeId })
        .from(nodes)
        .where(and(eq(nodes.clusterId, clusterId), eq(nodes.isPresent, true)));
      return rows.map((row) => row.id);
    },
    async markLost(clusterId, now) {
      await db
        .update(clusters)
        .set({ lostAt: new Date(now) })
        .where(eq(clusters.clusterId, clusterId));
    },
    async silentFor(silentMs) {
      const rows = await db.execute<{ cluster_id: string }>(sql`
        select cluster_id from clusters
        where last_sync_at < clock_timestamp() - ${silentMs}::double precision * interval '1 millisecond'
          and (lost_at is null or exists (
            select 1 from attempts where attempts.cluster_id = clusters.cluster_id and phase in ('starting', 'running', 'stopping')))
        order by cluster_id`);
      return rows.rows.map((row) => row.cluster_id);
    },
    spaces: (leaseMs) => readSpaces(db, { leaseMs, isFull: false }),
    known: () => readSpaces(db, { leaseMs: 0, isFull: true }),
    async skus() {
      const rows = await db.select({ sku: skus.sku }).from(skus).orderBy(asc(skus.sku));
      return rows.map((row) => row.sku);
    },
  };
}

/** Room of all clusters, by cluster and node id. `isFull`: as if nothing ran. */
async function readSpaces(
  db: Sql,
  { leaseMs, isFull }: { leaseMs: number; isFull: boolean },
): Promise<(KnownCluster & ClusterSpace)[]> {
  const isOnline = sql<boolean>`coalesce(not ${clusters.isDraining} and ${clusters.lastSyncAt} > clock_timestamp() - ${leaseMs}::double precision * interval '1 millisecond', false)`;
  const [clusterRows, nodeRows, gpuRows] = await Promise.all([
    db
      .select({
        clusterId: clusters.clusterId,
        region: clusters.region,
        isOnline,
        lastSyncAt: clusters.lastSyncAt,
        isDraining: clusters.isDraining,
      })
      .from(clusters)
      .orderBy(asc(clusters.clusterId)),
    db.select().from(nodes).where(eq(nodes.isPresent, true)).orderBy(asc(nodes.clusterId), asc(nodes.nodeId)),
    db
      .select({
        clusterId: gpus.clusterId,
        nodeId: gpus.nodeId,
        gpuId: gpus.gpuId,
        deviceIndex: gpus.deviceIndex,
        usedMilli: gpus.usedMilli,
        isHealthy: gpus.isHealthy,
        sku: skus.sku,
      })
      .from(gpus)
      .innerJoin(skus, eq(skus.gpuModel, gpus.model))
      .where(eq(gpus.isPresent, true))
      .orderBy(asc(gpus.clusterId), asc(gpus.nodeId), asc(gpus.deviceIndex)),
  ]);
  // A device that is ill today may be well tomorrow: it counts for what could ever run, not for what runs now.
  const usable = Map.groupBy(
    gpuRows.filter((gpu) => isFull || gpu.isHealthy),
    (gpu) => `${gpu.clusterId}/${gpu.nodeId}`,
  );
  const spaceOf = (node: (typeof nodeRows)[number]): NodeSpace => ({
    clusterId: node.clusterId,
    nodeId: node.nodeId,
    freeMilliCpus: Math.max(0, node.milliCpus - (isFull ? 0 : node.usedMilliCpus)),
    freeMemoryBytes: Math.max(0, node.memoryBytes - (isFull ? 0 : node.usedMemoryBytes)),
    gpus: (usable.get(`${node.clusterId}/${node.nodeId}`) ?? []).map(({ gpuId, deviceIndex, sku, usedMilli }) => ({
      ...{ gpuId, deviceIndex, sku },
      freeMilli: MILLI_PER_GPU - (isFull ? 0 : usedMilli),
    })),
  });
  const byCluster = Map.groupBy(nodeRows, (node) => node.clusterId);
  return clusterRows
    .filter((cluster) => !(isFull && cluster.isDraining))
    .map(({ clusterId, region, isOnline, lastSyncAt }) => ({
      ...{ clusterId, region, isOnline },
      hasReported: lastSyncAt !== null,
      nodes: (byCluster.get(clusterId) ?? []).map(spaceOf),
    }));
}
