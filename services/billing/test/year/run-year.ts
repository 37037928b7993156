import { closeMonths } from '../../src/app/documents/close-month.ts';
import { advanceStandings } from '../../src/app/arrears/advance-standings.ts';
import { expireHolds } from '../../src/app/holds/expire-holds.ts';
import { expireLots, warnOfExpiry } from '../../src/app/lots/expire-lots.ts';
import { advanceSubscriptions } from '../../src/app/plans/advance-subscriptions.ts';
import { publishPlans } from '../../src/app/plans/publish-plans.ts';
import type { BillingStores } from '../../src/app/ports.ts';
import { publishPrices } from '../../src/app/prices/publish-prices.ts';
import { settleCommitments } from '../../src/app/prices/settle-commitments.ts';
import { replayCurable } from '../../src/app/rating/replay-parked-usage.ts';
import { createVouchers } from '../../src/app/vouchers/create-vouchers.ts';
import { dayOf, monthAfter, monthOf } from '../../src/domain/calendar/calendar.ts';
import { ANYTHING } from '../../src/domain/lot/lot.ts';
import type { BillingOnPostgres } from '../under-test.ts';
import { actOf } from './acts.ts';
import { startOf, type YearSize } from './plan-year.ts';
import { usageOn } from './plan-usage.ts';
import { beginJobs, endJobs } from './run-jobs.ts';
import { deliver, queueFacts } from './run-usage.ts';
import { inLanes, Year } from './year.ts';
import { CAMPAIGNS, FIRST_PRICES, LATE_PRICE, PLANS, PRICE_CHANGES } from './year-prices.ts';

/** After the last usage: late events, corrections, the ends of holds and plans, and the last two closings. */
const TAIL_DAYS = 95;
const HOUR_MS = 3_600_000;
const LOOP_BATCH = 200;

/**
 * Lives a year through, day by day, with the use cases that the service runs: in the morning the loops, then what people
 * do, in the evening the usage of the day. Each tenant's things happen in their order; tenants side by side.
 */
export async function runYear(billing: BillingOnPostgres, size: YearSize, say: (line: string) => void): Promise<Year> {
  const year = await openYear(billing, size);
  for (let day = 0; day < size.days + ((size as { tail?: number }).tail ?? TAIL_DAYS); day++) {
    await year.moveTo(startOf(day) + 8 * HOUR_MS);
    await year.timed('loops', () => morning(year, day));
    await year.moveTo(startOf(day) + 9 * HOUR_MS);
    await year.timed('people', () => people(year, day));
    await year.moveTo(startOf(day) + 21 * HOUR_MS);
    await year.timed('rating', () => deliver(year, day));
    await year.moveTo(startOf(day) + 22 * HOUR_MS);
    await year.timed('ends of jobs', () => endJobs(year, day));
    await year.timed('loops', () => repeat(year, (stores) => expireHolds(year.deps, stores, LOOP_BATCH)));
    if (day % 30 === 29) say(`${dayOf(startOf(day))}: ${year.counts.get('deliveries') ?? 0} deliveries`);
  }
  return year;
}

async function openYear({ deps, clock }: BillingOnPostgres, size: YearSize): Promise<Year> {
  const year = new Year(deps, clock, size);
  await year.moveTo(startOf(0));
  await publishPrices(deps, FIRST_PRICES);
  await publishPlans(deps, PLANS);
  return year;
}

async function morning(year: Year, day: number): Promise<void> {
  const { deps } = year;
  await publishWhatIsNew(year, day);
  await repeat(year, (stores) => expireLots(deps, stores, LOOP_BATCH));
  await repeat(year, (stores) => warnOfExpiry(deps, stores, LOOP_BATCH));
  await repeat(year, (stores) => advanceSubscriptions(deps, stores, LOOP_BATCH));
  await deps.transact((stores) => advanceStandings(deps, stores, LOOP_BATCH));
  await repeat(
    year,
    async (stores) => (await replayCurable(deps, stores)).filter((one) => one.kind === 'rated').length,
  );
  const today = dayOf(deps.clock.now());
  const lastMonth = monthAfter(monthOf(deps.clock.now()), -1);
  if (today.endsWith('-02')) {
    await year.timed('closing of months', async () => {
      for (const back of [-4, -3, -2, -1, 0]) await settleCommitments(deps, monthAfter(lastMonth, back));
      for (let closed = 1; closed > 0; ) closed = await closeMonths(deps, LOOP_BATCH);
    });
    year.count('months closed');
  }
}

async function publishWhatIsNew(year: Year, day: number): Promise<void> {
  const { deps } = year;
  const today = dayOf(startOf(day));
  for (const { publishedOn, prices } of [...PRICE_CHANGES, LATE_PRICE]) {
    if (publishedOn !== today) continue;
    const result = await publishPrices(deps, prices);
    if (result.kind !== 'published') throw new Error(`prices were ${JSON.stringify(result)}`);
    year.count('pricePublications');
  }
  for (const [index, campaign] of CAMPAIGNS.entries()) {
    if (campaign.day !== day) continue;
    const { name, amountMicros, validDays, products } = campaign;
    const result = await createVouchers(deps, 'operator', {
      requestId: `campaign ${index}`,
      ...{ name, amountMicros, codeCount: year.size.tenantCount, redemptionsPerCode: 1, maxPerAccount: 1 },
      ...{ creditValidDays: validDays, priority: 20, applicability: { ...ANYTHING, products }, reason: name },
    });
    if (result.kind !== 'created') throw new Error(`vouchers were ${result.reason}`);
    year.codes.set(index, result.codes);
  }
}

/** What tenants do, and the holds of the jobs that they begin; their usage is put into the queue. */
async function people(year: Year, day: number): Promise<void> {
  await inLanes(year.tenants, async (plan) => {
    if (plan.opensOn === day) await year.open(plan);
    for (const act of plan.acts) if (act.day === day) await actOf(year, plan, act);
  });
  if (day >= year.size.days) return;
  const used = year.tenants.map((plan) => ({ plan, ...usageOn(year.size.seed, plan, day) }));
  await beginJobs(
    year,
    day,
    used.flatMap(({ plan, job }) => (job === undefined ? [] : [{ plan, job }])),
  );
  for (const { facts } of used) queueFacts(year, facts);
}

/** As a loop does it: again until there is nothing left to do. */
async function repeat(year: Year, step: (stores: BillingStores) => Promise<number>): Promise<void> {
  for (let found = 1; found > 0; ) found = await year.deps.transact(step);
}
