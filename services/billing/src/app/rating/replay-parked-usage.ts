import type { BillingDeps } from '../ports.ts';
import { type RatingOutcome, rateUsages } from './rate-usages.ts';

/** Most events that one call replays. */
export const MAX_REPLAY = 200;

/** Rates parked usage again, once the cause is gone; all of them, up to the limit, when none are named. What still fails stays parked. */
export async function replayParkedUsage(deps: BillingDeps, usageIds: readonly string[]): Promise<RatingOutcome[]> {
  return deps.transact(async (stores) => {
    const ids = usageIds.length > 0 ? usageIds.slice(0, MAX_REPLAY) : await stores.usage.parkedIds(MAX_REPLAY);
    const parked = await stores.usage.parked(ids);
    return parked.length === 0 ? [] : rateUsages(deps, stores, parked);
  });
}
