import type { Cluster, Region, Sku } from '@suanli/proto/suanli/scheduler/v1/compute.ts';
import { z } from 'zod';
import { reading } from '../../call-options.ts';
import type { Routes } from '../../create-http-app.ts';
import { pageRequest, serviceList } from '../../paging.ts';
import { instant, int64, listOf, micros, noQuery, pageOnly, timeOf } from '../../schemas.ts';

const tags = ['compute'];

const regionView = z.object({ region: z.string(), display_name: z.string(), cluster_count: z.number() });
const toRegionView = (region: Region): z.infer<typeof regionView> => ({
  region: region.region,
  display_name: region.displayName,
  cluster_count: region.clusterCount,
});

const clusterView = z.object({
  id: z.string(),
  region: z.string(),
  display_name: z.string(),
  status: z.string(),
  driver: z.string(),
  node_count: z.number(),
  gpu_count: z.number(),
  free_milli_gpus: int64,
  last_seen_at: instant.optional(),
});
const toClusterView = (cluster: Cluster): z.infer<typeof clusterView> => ({
  id: cluster.clusterId,
  region: cluster.region,
  display_name: cluster.displayName,
  status: cluster.status,
  driver: cluster.driver,
  node_count: cluster.nodeCount,
  gpu_count: cluster.gpuCount,
  free_milli_gpus: String(cluster.freeMilliGpus),
  last_seen_at: timeOf(cluster.lastSeenAt),
});

const skuView = z.object({
  sku: z.string(),
  region: z.string(),
  display_name: z.string(),
  gpu_model: z.string(),
  gpu_memory_bytes: int64,
  total_milli_gpus: int64,
  free_milli_gpus: int64,
  price: z.object({ amount_micros: micros, per_quantity: int64, currency: z.string(), display: z.string() }),
});
const toSkuView = (sku: Sku): z.infer<typeof skuView> => ({
  sku: sku.sku,
  region: sku.region,
  display_name: sku.displayName,
  gpu_model: sku.gpuModel,
  gpu_memory_bytes: String(sku.gpuMemoryBytes),
  total_milli_gpus: String(sku.totalMilliGpus),
  free_milli_gpus: String(sku.freeMilliGpus),
  price: {
    amount_micros: String(sku.priceAmountMicros),
    per_quantity: String(sku.pricePerQuantity),
    currency: sku.currency,
    display: sku.priceDisplay,
  },
});

/** What there is to run on, what it costs and how much of it is free. */
export const marketRoutes: Routes = (app, deps) => {
  const { compute } = deps.services;
  const access = { scope: 'compute:read', caller: 'any' } as const;

  app.get(
    '/v1/regions',
    {
      schema: { tags, summary: 'Regions', querystring: noQuery, response: { 200: listOf(regionView) } },
      config: { access },
    },
    async (request) => {
      const { regions } = await compute.listRegions({}, await reading(deps, request));
      return { data: regions.map(toRegionView), has_more: false };
    },
  );

  app.get(
    '/v1/clusters',
    {
      schema: { tags, summary: 'Clusters', querystring: pageOnly, response: { 200: listOf(clusterView) } },
      config: { access },
    },
    async (request) => {
      const wish = { page: pageRequest(request.query) };
      const { clusters, page } = await compute.listClusters(wish, await reading(deps, request));
      return serviceList(clusters, page, toClusterView);
    },
  );

  app.get(
    '/v1/skus',
    {
      schema: {
        tags,
        summary: 'What can be bought where, with stock and price',
        querystring: z.strictObject({ region: z.string().min(1).max(100).optional() }),
        response: { 200: listOf(skuView) },
      },
      config: { access },
    },
    async (request) => {
      const { skus } = await compute.listSkus({ region: request.query.region ?? '' }, await reading(deps, request));
      return { data: skus.map(toSkuView), has_more: false };
    },
  );
};
