import type { Database } from '@suanli/postgres';
import { withTransaction } from '@suanli/postgres';
import { asc, gt, notInArray, sql } from 'drizzle-orm';
import type { Catalogue, ClusterInfo, Market, RegionInfo, SkuStock } from '../../app/market.ts';
import { clusters, regions, skus } from './schema.ts';

/** What the catalogue declares becomes what is stored; a cluster that it drops is drained, never deleted. */
export async function upsertCatalogue(db: Database, catalogue: Catalogue): Promise<void> {
  await withTransaction(db, async (tx) => {
    // Two replicas that start together take turns.
    await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended('scheduler.catalogue', 0))`);
    await tx
      .insert(regions)
      .values(catalogue.regions)
      .onConflictDoUpdate({
        target: regions.region,
        set: { displayName: sql`excluded.display_name` },
      });
    const clusterRows = catalogue.clusters.map((cluster) => ({ ...cluster, isDraining: false }));
    await tx
      .insert(clusters)
      .values(clusterRows)
      .onConflictDoUpdate({
        target: clusters.clusterId,
        set: {
          region: sql`excluded.region`,
          displayName: sql`excluded.display_name`,
          supplierAccountId: sql`excluded.supplier_account_id`,
          isDraining: false,
        },
      });
    const kept = catalogue.clusters.map((cluster) => cluster.clusterId);
    await tx.update(clusters).set({ isDraining: true }).where(notInArray(clusters.clusterId, kept));
    await tx.delete(skus);
    await tx.insert(skus).values(catalogue.skus);
  });
}

/** Reads for the market; stock counts healthy devices of clusters that are online. */
export function marketStore(db: Database): Market {
  const ageLimit = (leaseMs: number) =>
    sql`clock_timestamp() - ${leaseMs}::double precision * interval '1 millisecond'`;
  return {
    async regions() {
      const found = await db.execute<RegionInfo>(sql`
        select r.region, r.display_name as "displayName", count(c.cluster_id)::int as "clusterCount"
        from regions r left join clusters c on c.region = r.region and not c.is_draining
        group by r.region, r.display_name order by r.region`);
      return found.rows;
    },
    async clusters({ limit, cursor }, leaseMs) {
      const rows = await db
        .select()
        .from(clusters)
        .where(cursor === '' ? undefined : gt(clusters.clusterId, cursor))
        .orderBy(asc(clusters.clusterId))
        .limit(limit + 1);
      const shown = rows.slice(0, limit);
      const counts = await db.execute<{
        cluster_id: string;
        node_count: number;
        gpu_count: number;
        free_milli: string;
        is_online: boolean;
      }>(sql`
        select c.cluster_id, (c.last_sync_at > ${ageLimit(leaseMs)}) is true as is_online,
          (select count(*)::int from nodes n where n.cluster_id = c.cluster_id and n.is_present) as node_count,
          (select count(*)::int from gpus g where g.cluster_id = c.cluster_id and g.is_present) as gpu_count,
          (select coalesce(sum(1000 - g.used_milli), 0)::text from gpus g
            where g.cluster_id = c.cluster_id and g.is_present and g.is_healthy) as free_milli
        from clusters c where c.cluster_id = any(${sql.param(shown.map((row) => row.clusterId))}::text[])`);
      const items = shown.map((row): ClusterInfo => {
        const count = counts.rows.find((candidate) => candidate.cluster_id === row.clusterId);
        const isOnline = count?.is_online ?? false;
        return {
          ...row,
          status: row.isDraining ? 'draining' : isOnline ? 'online' : 'offline',
          nodeCount: count?.node_count ?? 0,
          gpuCount: count?.gpu_count ?? 0,
          freeMilliGpus: isOnline ? BigInt(count?.free_milli ?? 0) : 0n,
          lastSeenAt: row.lastSyncAt?.getTime(),
        };
      });
      return { items, nextCursor: rows.length > limit ? (shown.at(-1)?.clusterId ?? '') : '' };
    },
    async stock(region, leaseMs) {
      const found = await db.execute<
        Omit<SkuStock, 'totalMilliGpus' | 'freeMilliGpus' | 'gpuMemoryBytes'> & {
          memory: string;
          total: string;
          free: string;
        }
      >(sql`
        select s.sku, c.region, s.display_name as "displayName", s.gpu_model as "gpuModel", s.gpu_memory_bytes::text as memory,
          (count(*) * 1000)::text as total,
          coalesce(sum(1000 - g.used_milli) filter (
            where g.is_healthy and not c.is_draining and c.last_sync_at > ${ageLimit(leaseMs)}), 0)::text as free
        from gpus g join clusters c on c.cluster_id = g.cluster_id join skus s on s.gpu_model = g.model
        where g.is_present and (${region} = '' or c.region = ${region})
        group by s.sku, c.region order by c.region, s.sku`);
      return found.rows.map(({ memory, total, free, ...row }) => ({
        ...row,
        gpuMemoryBytes: BigInt(memory),
        totalMilliGpus: BigInt(total),
        freeMilliGpus: BigInt(free),
      }));
    },
  };
}
