import type { Fence } from '../../domain/rating/fence.ts';
import { creditLateUsage } from '../credits/credit-unusable-time.ts';
import type { BillingDeps, BillingStores } from '../ports.ts';
import { type RatingOutcome, rerateUsages } from '../rating/rate-usages.ts';

/**
 * Remembers until when an epoch of a workload is charged. Usage that was charged beyond it, because it came before the
 * fence, is rated anew: what it costs does not depend on which of the two came first.
 */
export async function onWorkloadFenced(
  deps: BillingDeps,
  stores: BillingStores,
  { accountId, ...fence }: Fence & { accountId: string },
): Promise<RatingOutcome[]> {
  // Usage of the account is rated under this lock: it either sees the fence or is seen by the next look.
  await stores.wallets.lockInOrder([accountId]);
  await stores.fences.insert(fence, deps.clock.now());
  const rated = await stores.usage.ratedAfter(accountId, fence);
  if (rated.length === 0) return [];
  const outcomes = await rerateUsages(deps, stores, rated);
  await creditLateUsage(deps, stores, { id: fence.sourceId, epoch: fence.epoch });
  return outcomes;
}
