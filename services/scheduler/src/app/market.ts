import type { Instant } from '@suanli/kernel';
import type { Price } from '../domain/workload/attempt.ts';
import type { PriceList } from './ports.ts';
import type { Page, PageOf } from './stores.ts';

/** What the operator declares to be for sale. */
export type Catalogue = {
  regions: { region: string; displayName: string }[];
  clusters: { clusterId: string; region: string; displayName: string; supplierAccountId: string }[];
  skus: { sku: string; displayName: string; gpuModel: string; gpuMemoryBytes: number }[];
};

export type RegionInfo = { region: string; displayName: string; clusterCount: number };
export type ClusterInfo = {
  clusterId: string;
  region: string;
  displayName: string;
  supplierAccountId: string;
  status: 'online' | 'offline' | 'draining';
  driver: string;
  nodeCount: number;
  gpuCount: number;
  freeMilliGpus: bigint;
  lastSeenAt: Instant | undefined;
};
export type SkuStock = {
  sku: string;
  region: string;
  displayName: string;
  gpuModel: string;
  gpuMemoryBytes: bigint;
  totalMilliGpus: bigint;
  freeMilliGpus: bigint;
};

/** What can be bought where: the same for every tenant. */
export interface Market {
  regions(): Promise<RegionInfo[]>;
  clusters(page: Page, leaseMs: number): Promise<PageOf<ClusterInfo>>;
  /** Of one region, or of all when it is empty. */
  stock(region: string, leaseMs: number): Promise<SkuStock[]>;
}

/** Stock with its price; what has no price is not for sale and left out. */
export async function listSkus(
  deps: { market: Market; prices: PriceList; leaseMs: number },
  region: string,
): Promise<(SkuStock & { price: Price })[]> {
  const stock = await deps.market.stock(region, deps.leaseMs);
  const priceOf = await deps.prices.load(stock);
  return stock.flatMap((item) => {
    const price = priceOf(item.region, item.sku);
    return price === undefined ? [] : [{ ...item, price }];
  });
}
