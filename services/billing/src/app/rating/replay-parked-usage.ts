import type { Usage } from '../../domain/rating/usage.ts';
import { creditLateUsage } from '../credits/credit-unusable-time.ts';
import type { BillingDeps, BillingStores } from '../ports.ts';
import { type RatingOutcome, rateUsages } from './rate-usages.ts';

/** Most events that one call replays. */
export const MAX_REPLAY = 200;

/** Rates parked usage again, once the cause is gone; all of them, up to the limit, when none are named. What still fails stays parked. */
export async function replayParkedUsage(deps: BillingDeps, usageIds: readonly string[]): Promise<RatingOutcome[]> {
  return deps.transact(async (stores) => {
    const ids = usageIds.length > 0 ? usageIds.slice(0, MAX_REPLAY) : await stores.usage.parkedIds(MAX_REPLAY);
    const parked = await stores.usage.parked(ids);
    return rateAgain(deps, stores, parked);
  });
}

/** Rates what waits for one of these things (`waitFor`), now that they are there. */
export async function replayWaiting(
  deps: BillingDeps,
  stores: BillingStores,
  names: readonly string[],
): Promise<RatingOutcome[]> {
  const waiting = await stores.usage.waitingFor(names, MAX_REPLAY);
  return rateAgain(deps, stores, waiting);
}

/** Rates parked usage whose hold or wallet has come since: nobody needs to ask for it. */
export async function replayCurable(deps: BillingDeps, stores: BillingStores): Promise<RatingOutcome[]> {
  const curable = await stores.usage.curable(MAX_REPLAY);
  return rateAgain(deps, stores, curable);
}

/** What of it lies in time that was told unusable meanwhile goes back at once. */
async function rateAgain(deps: BillingDeps, stores: BillingStores, usages: readonly Usage[]): Promise<RatingOutcome[]> {
  if (usages.length === 0) return [];
  const outcomes = await rateUsages(deps, stores, usages);
  const sources = new Map(usages.map(({ source }) => [`${source.id}/${source.epoch}`, source]));
  for (const source of sources.values()) await creditLateUsage(deps, stores, source);
  return outcomes;
}
