import { invariant } from '@suanli/kernel';
import type { Usage } from '../../domain/rating/usage.ts';
import type { BillingDeps, BillingStores } from '../ports.ts';
import { type RatingOutcome, rateUsages } from '../rating/rate-usages.ts';

/** One usage event is a batch of one. */
export async function onUsageRecorded(deps: BillingDeps, stores: BillingStores, usage: Usage): Promise<RatingOutcome> {
  const [outcome] = await rateUsages(deps, stores, [usage]);
  invariant(outcome !== undefined, `usage ${usage.usageId} has an outcome`);
  return outcome;
}
