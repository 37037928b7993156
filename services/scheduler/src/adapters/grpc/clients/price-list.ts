import { type GrpcClient, readGrpcError } from '@suanli/grpc-kit';
import type { Clock, Logger } from '@suanli/kernel';
import type { PricingServiceService } from '@suanli/proto/suanli/billing/internal/v1/ledger.ts';
import type { PriceList } from '../../../app/ports.ts';
import { CPU_SKU } from '../../../domain/placement/space.ts';
import type { Price } from '../../../domain/workload/attempt.ts';

/** A price is asked for again after this. */
const FRESH_MS = 15_000;
/** While billing is away an older price is used, up to this age. */
const STALE_MS = 600_000;

/** `price` undefined: known not to be for sale. */
type Known = { price: Price | undefined; readAtMs: number };

/** The price book as last read, item by item. */
export function createPriceList(deps: {
  pricing: GrpcClient<PricingServiceService>;
  clock: Clock;
  logger: Logger;
}): PriceList {
  const { pricing, clock, logger } = deps;
  const known = new Map<string, Known>();

  async function refresh(region: string, sku: string): Promise<void> {
    const key = keyOf(region, sku);
    const nowMs = clock.monotonicMs();
    const before = known.get(key);
    if (before !== undefined && nowMs - before.readAtMs < FRESH_MS) return;
    try {
      known.set(key, { price: await quote(pricing, region, sku), readAtMs: nowMs });
    } catch (error) {
      if (before === undefined || nowMs - before.readAtMs > STALE_MS) throw error;
      logger.warn({ region, sku, error: String(error) }, 'price not refreshed, the last one known is used');
    }
  }

  return {
    async load(items) {
      await Promise.all(items.map(({ region, sku }) => refresh(region, sku)));
      return (region, sku) => known.get(keyOf(region, sku))?.price;
    },
  };
}

async function quote(
  pricing: GrpcClient<PricingServiceService>,
  region: string,
  sku: string,
): Promise<Price | undefined> {
  const meter = sku === CPU_SKU ? 'cpu_time' : 'gpu_time';
  try {
    const { lines } = await pricing.quoteUsage({
      lines: [{ meter, region, item: sku, quantity: 1n }],
      tenant: undefined,
    });
    const [line] = lines;
    if (line === undefined) return undefined;
    return {
      meter,
      priceId: line.priceId,
      amountMicros: line.priceAmountMicros,
      perQuantity: line.pricePerQuantity,
    };
  } catch (error) {
    if (readGrpcError(error).reason === 'PRICE_NOT_FOUND') return undefined;
    throw error;
  }
}

const keyOf = (region: string, sku: string) => `${region}/${sku}`;
