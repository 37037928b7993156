import type { CallContext } from '@suanli/kernel';
import { costOf, fund } from '../../domain/funding/funding.ts';
import { checkJobSpec } from '../../domain/job/check-job-spec.ts';
import { type JobSpec, meterOf } from '../../domain/job/job-spec.ts';
import { reason, type Reason } from '../../domain/job/reason.ts';
import { placeGang } from '../../domain/placement/place-gang.ts';
import type { SchedulerDeps } from '../deps.ts';
import type { PromisedQuote } from '../ports.ts';
import { type Answer, ok, refused } from '../refusal.ts';
import { findOptions, type Option } from './find-options.ts';

export type QuoteOption = Option & {
  expectedTotalMicros: bigint;
  holdMicros: bigint;
  fitsNow: boolean;
  /** Why it could not start now. */
  reason?: Reason;
};

export type JobQuote = { options: QuoteOption[]; promised: PromisedQuote | undefined };

/**
 * What a job would cost where it could run, cheapest first, and whether it could start now. Billing keeps the prices of
 * all options for a while: a job that names the quote is charged at them, wherever it runs.
 */
export async function quoteJob(
  deps: SchedulerDeps,
  ctx: CallContext,
  request: { spec: JobSpec; expectedSeconds: number },
): Promise<Answer<JobQuote>> {
  const { spec } = request;
  const problem = checkJobSpec(spec);
  if (problem !== undefined) return refused({ code: 'INVALID_JOB', ...problem });
  if (request.expectedSeconds < 0 || request.expectedSeconds > spec.maxRunSeconds) {
    const message = 'expected_seconds must be from 0 to max_run_seconds';
    return refused({ code: 'INVALID_JOB', field: 'expected_seconds', message });
  }
  const options = await findOptions(deps, spec);
  if (options.kind === 'refused') return options;
  const spaces = await deps.stores(deps.db).clusters.spaces(deps.policy.leaseMs);
  const now = deps.clock.now();
  const expectedMs = (request.expectedSeconds || spec.maxRunSeconds) * 1000;
  const priced = options.value.map((option): QuoteOption => {
    const cluster = spaces.find((space) => space.clusterId === option.clusterId);
    const gang = { shape: spec, taskCount: spec.taskCount, sku: option.sku };
    // On a copy: options of one cluster must not take room from each other.
    const nodes = structuredClone(cluster?.nodes ?? []);
    const isOnline = cluster?.isOnline ?? false;
    const fitsNow = isOnline && placeGang(nodes, gang, deps.policy.cycle.strategy) !== undefined;
    return {
      ...option,
      expectedTotalMicros: costOf(spec, option.price, expectedMs),
      holdMicros: fund(spec, option.price, { reservedAt: now, now }, deps.policy.funding).holdMicros,
      fitsNow,
      ...(!fitsNow && { reason: reason(isOnline ? 'waiting_for_capacity' : 'waiting_for_cluster') }),
    };
  });
  return ok({ options: priced, promised: await promise(deps, ctx, { spec, expectedMs, options: priced }) });
}

/** Nothing to promise where nothing has a price. */
async function promise(
  deps: SchedulerDeps,
  ctx: CallContext,
  { spec, expectedMs, options }: { spec: JobSpec; expectedMs: number; options: readonly QuoteOption[] },
): Promise<PromisedQuote | undefined> {
  const [cheapest] = options;
  if (cheapest === undefined) return undefined;
  const { meter, perTask } = meterOf(spec);
  const quantity = BigInt(perTask) * BigInt(spec.taskCount) * BigInt(expectedMs);
  const items = new Map(options.map(({ region, sku }) => [`${region}/${sku}`, { meter, region, item: sku, quantity }]));
  const { holdMicros, expectedTotalMicros: expectedMicros } = cheapest;
  return deps.quotes.create({ tenant: ctx.tenant, lines: [...items.values()], holdMicros, expectedMicros });
}
