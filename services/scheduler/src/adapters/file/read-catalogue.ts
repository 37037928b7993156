import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Catalogue } from '../../app/market.ts';

const name = z.string().regex(/^[a-z0-9][a-z0-9.-]*$/, 'lower-case letters, digits, dots and dashes');

const catalogueFile = z
  .strictObject({
    regions: z.array(z.strictObject({ region: name, display_name: z.string() })).min(1),
    clusters: z
      .array(
        z.strictObject({
          cluster_id: name,
          region: name,
          display_name: z.string(),
          supplier_account_id: z.string().default(''),
        }),
      )
      .min(1),
    skus: z
      .array(
        z.strictObject({
          sku: name,
          display_name: z.string(),
          gpu_model: z.string().min(1),
          gpu_memory_bytes: z.int().positive(),
        }),
      )
      .min(1),
  })
  .refine((file) => file.clusters.every((cluster) => file.regions.some(({ region }) => region === cluster.region)), {
    message: 'every cluster must be in a region of the file',
  });

/** Reads and checks CATALOGUE_FILE. Throws with all that is wrong in it. */
export async function readCatalogue(path: string): Promise<Catalogue> {
  const found = catalogueFile.safeParse(parse(await readFile(path, 'utf8')));
  if (!found.success) throw new Error(`${path}: ${z.prettifyError(found.error)}`);
  const { regions, clusters, skus } = found.data;
  return {
    regions: regions.map(({ region, display_name }) => ({ region, displayName: display_name })),
    clusters: clusters.map(({ cluster_id, region, display_name, supplier_account_id }) => ({
      clusterId: cluster_id,
      region,
      displayName: display_name,
      supplierAccountId: supplier_account_id,
    })),
    skus: skus.map(({ sku, display_name, gpu_model, gpu_memory_bytes }) => ({
      sku,
      displayName: display_name,
      gpuModel: gpu_model,
      gpuMemoryBytes: gpu_memory_bytes,
    })),
  };
}
