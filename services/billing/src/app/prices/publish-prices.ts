import { CURRENCY, type Instant, type Micros } from '@suanli/kernel';
import { EVERY_ACCOUNT, type Price } from '../../domain/price/price.ts';
import { type PriceModel, UNIT } from '../../domain/price/price-model.ts';
import { decidePublish, type PriceDraft, type PublishRefusal } from '../../domain/price/publish.ts';
import { waitFor } from '../../domain/rating/usage.ts';
import type { BillingDeps, BillingStores } from '../ports.ts';
import { replayWaiting } from '../rating/replay-parked-usage.ts';
import { onceOnly } from '../once-only.ts';

export type NewPrice = {
  meter: string;
  region: string;
  item: string;
  /** Absent for everyone. */
  accountId?: string;
  /** Absent: so much per so many. */
  model?: PriceModel;
  amountMicros: Micros;
  perQuantity: bigint;
  display: string;
  effectiveFrom: Instant;
  /** Says that it may start before usage that was rated already. */
  isBackdated?: boolean;
};

export type PublishResult =
  | { kind: 'published'; prices: Price[] }
  | { kind: 'refused'; refusal: PublishRefusal }
  | { kind: 'refused'; refusal: { reason: 'request_id_reused' } };

const FIRST_VERSION = 1;
/** Of request ids. */
const SCOPE = 'publish-prices';

/** Writes the first version of the price book unless the book has prices. Two replicas at once write it once. */
export async function seedPrices(deps: BillingDeps, prices: readonly NewPrice[]): Promise<void> {
  await deps.transact(async (stores) => {
    await stores.prices.lockBook();
    if (!(await stores.prices.isEmpty())) return;
    await stores.prices.insert(prices.map((price) => pricedBy(deps, { ...draftOf(price), version: FIRST_VERSION })));
  });
}

/**
 * Adds a version of each price, after the ones there are, or refuses them all. What was charged keeps the version it was
 * charged under; usage that waited for one of these prices is rated now. `request` is what the caller sent, with its id.
 */
export async function publishPrices(
  deps: BillingDeps,
  prices: readonly NewPrice[],
  request?: { requestId: string },
): Promise<PublishResult> {
  const drafts = prices.map(draftOf);
  const publish = async (stores: BillingStores) => {
    await stores.prices.lockBook();
    const book = await stores.prices.versions(drafts);
    const decision = decidePublish(book, drafts, await stores.prices.ratedUntil(drafts));
    if (decision.kind === 'refused') return decision;
    const published = decision.prices.map((price) => pricedBy(deps, price));
    await stores.prices.insert(published);
    return { kind: 'published' as const, prices: published };
  };
  const result: PublishResult = await (request === undefined
    ? deps.transact(publish)
    : onceOnly(deps, SCOPE, request, publish));
  if (result.kind === 'published') await replayUnpriced(deps, [...new Set(drafts.map((draft) => draft.meter))]);
  return result;
}

/** In rounds, so that no transaction holds many wallets for long; what still has no price stays parked. */
async function replayUnpriced(deps: BillingDeps, meters: readonly string[]): Promise<void> {
  const names = meters.map(waitFor.price);
  for (;;) {
    const outcomes = await deps.transact((stores) => replayWaiting(deps, stores, names));
    if (!outcomes.some((one) => one.kind === 'rated')) return;
  }
}

function draftOf({ accountId = EVERY_ACCOUNT, model = UNIT, ...price }: NewPrice): PriceDraft {
  return { ...price, accountId, model };
}

/** A version of a price; that it may reach back was said to whom publishes it, not to who reads it. */
function pricedBy(deps: BillingDeps, draft: PriceDraft & { version: number }): Price {
  const { meter, region, item, accountId, model, amountMicros, perQuantity, effectiveFrom, display, version } = draft;
  const price = { meter, region, item, accountId, model, amountMicros, perQuantity, effectiveFrom, display, version };
  return { ...price, id: deps.ids.next('prc'), currency: CURRENCY };
}
