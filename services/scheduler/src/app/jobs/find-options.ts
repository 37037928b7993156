import type { Instant } from '@suanli/kernel';
import { costOf, fund, type Funding, type FundingPolicy } from '../../domain/funding/funding.ts';
import type { JobSpec } from '../../domain/job/job-spec.ts';
import { judgeFeasibility } from '../../domain/placement/feasibility.ts';
import type { Price } from '../../domain/workload/attempt.ts';
import type { SchedulerDeps } from '../deps.ts';
import { type Answer, ok, refused } from '../refusal.ts';

export type Option = { clusterId: string; region: string; sku: string; price: Price };
/** Where a job could run and at what price, cheapest first; empty while no cluster has reported its nodes. */
export type Options = readonly Option[];

/** Refuses what no cluster could ever run, with the reason per cluster. */
export async function findOptions(deps: SchedulerDeps, spec: JobSpec): Promise<Answer<Options>> {
  const { clusters } = deps.stores(deps.db);
  const [known, skus] = await Promise.all([clusters.known(), clusters.skus()]);
  const feasible = judgeFeasibility(spec, { clusters: known, skus }, deps.policy.cycle.strategy);
  if (feasible.options.length === 0 && feasible.unknown.length === 0) {
    return refused({
      code: 'JOB_IMPOSSIBLE',
      message: 'no cluster could ever run this job',
      clusters: feasible.refusals,
    });
  }
  const priceOf = await deps.prices.load(feasible.options);
  const options = feasible.options.flatMap((option) => {
    const price = priceOf(option.region, option.sku);
    return price === undefined ? [] : [{ ...option, price }];
  });
  const cost = ({ price }: Option) => costOf(spec, price, spec.maxRunSeconds * 1000);
  return ok(options.toSorted((a, b) => Number(cost(a) - cost(b)) || (a.clusterId < b.clusterId ? -1 : 1)));
}

export type FirstHold = Funding & Pick<Option, 'sku' | 'region'>;

/** The least that a wallet must have for a job to begin; undefined when no price is known. */
export function cheapestFirstHold(
  spec: JobSpec,
  options: Options,
  now: Instant,
  policy: FundingPolicy,
): FirstHold | undefined {
  const holds = options.map(({ price, sku, region }) => ({
    ...fund(spec, price, { reservedAt: now, now }, policy),
    sku,
    region,
  }));
  return holds.reduce<FirstHold | undefined>(
    (least, hold) => (least && least.holdMicros <= hold.holdMicros ? least : hold),
    undefined,
  );
}
