import { publicHandler, type TokenVerifier, unary } from '@suanli/grpc-kit';
import { CURRENCY, formatYuan, mulDivFloor } from '@suanli/kernel';
import { type ComputeServiceServer, ComputeServiceService } from '@suanli/proto/suanli/scheduler/v1/compute.ts';
import { listSkus, type Market } from '../../app/market.ts';
import type { PriceList } from '../../app/ports.ts';
import type { Price } from '../../domain/workload/attempt.ts';
import { pageInfo, readPage } from './paging.ts';

/** What there is to run on, for everyone who may see compute. */
export function computeService(deps: { market: Market; prices: PriceList; leaseMs: number }, verifier: TokenVerifier) {
  const read = publicHandler(verifier, { scope: 'compute:read' });
  const implementation: ComputeServiceServer = {
    listRegions: unary(read, async () => ({ regions: await deps.market.regions() })),
    listClusters: unary(read, async (_ctx, { page }) => {
      const { items, nextCursor } = await deps.market.clusters(readPage(page), deps.leaseMs);
      const clusters = items.map(({ lastSeenAt, ...cluster }) => ({
        ...cluster,
        lastSeenAt: lastSeenAt === undefined ? undefined : new Date(lastSeenAt),
      }));
      return { clusters, page: pageInfo(nextCursor) };
    }),
    listSkus: unary(read, async (_ctx, { region }) => ({
      skus: (await listSkus(deps, region)).map(({ price, ...stock }) => ({
        ...stock,
        priceAmountMicros: price.amountMicros,
        pricePerQuantity: price.perQuantity,
        currency: CURRENCY,
        priceDisplay: displayPrice(price),
      })),
    })),
  };
  return { definition: ComputeServiceService, implementation };
}

const GPU_HOUR = 3_600_000_000n;

function displayPrice({ amountMicros, perQuantity }: Price): string {
  return `${formatYuan(mulDivFloor(amountMicros, GPU_HOUR, perQuantity))} per GPU-hour`;
}
