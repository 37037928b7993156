import { invariant } from '@suanli/kernel';
import type { Usage } from '../../domain/rating/usage.ts';
import type { BillingDeps, BillingStores } from '../ports.ts';
import { creditLateUsage } from '../credits/credit-unusable-time.ts';
import { type RatingOutcome, rateUsages } from '../rating/rate-usages.ts';

/** One usage event is a batch of one. What of it lies in time that was told unusable before goes back at once. */
export async function onUsageRecorded(deps: BillingDeps, stores: BillingStores, usage: Usage): Promise<RatingOutcome> {
  const [outcome] = await rateUsages(deps, stores, [usage]);
  invariant(outcome !== undefined, `usage ${usage.usageId} has an outcome`);
  if (outcome.kind === 'rated') await creditLateUsage(deps, stores, usage.source);
  return outcome;
}
