import { type RatingOutcome, rateUsages } from '../../src/app/rating/rate-usages.ts';
import { chanceOf } from './chance.ts';
import type { Fact, Telling } from './plan-usage.ts';
import { type Delivery, inLanes, LANES, type Year } from './year.ts';

/** Events of one transaction. */
const BATCH = 400;
export const RATED = 'rated';

/** Puts every delivery of what was used into the day on which it comes, and reckons what it has to amount to. */
export function queueFacts(year: Year, facts: readonly Fact[]): void {
  for (const fact of facts) {
    for (const [at, telling] of fact.tellings.entries()) {
      if (at > 0) year.count('corrections');
      queueTelling(year, fact, telling);
    }
    const last = fact.tellings.at(-1)?.usage;
    if (last === undefined || fact.parkedFor !== undefined) continue;
    for (const { meter, quantity } of last.readings) {
      const key = `${last.tenant.accountId} ${meter}`;
      year.used.set(key, (year.used.get(key) ?? 0n) + chargedQuantity(quantity, last, fact.fencedAt));
    }
  }
}

/** What lies before a fence, in whole units. */
export function chargedQuantity(quantity: bigint, window: { from: number; to: number }, fencedAt?: number): bigint {
  if (fencedAt === undefined || fencedAt >= window.to) return quantity;
  if (fencedAt <= window.from) return 0n;
  return (quantity * BigInt(fencedAt - window.from)) / BigInt(window.to - window.from);
}

function queueTelling(year: Year, fact: Fact, { usage, deliveredOn, contradictedOn }: Telling): void {
  year.told.set(usage.usageId, fact.parkedFor ?? RATED);
  year.count('events');
  year.count('duplicates', deliveredOn.length - 1);
  if (fact.parkedFor !== undefined) year.count(`parked: ${fact.parkedFor}`);
  const holdId = fact.job === undefined ? undefined : year.holds.get(fact.job);
  const paid = { ...usage, ...(holdId !== undefined && { holdId }) };
  for (const day of deliveredOn) queueOn(year, day, { usage: paid, fact, isContradiction: false });
  if (contradictedOn === undefined) return;
  const other = { ...paid, readings: paid.readings.map((one) => ({ ...one, quantity: one.quantity + 1n })) };
  year.count('contradictions');
  queueOn(year, contradictedOn, { usage: other, fact, isContradiction: true });
}

function queueOn(year: Year, day: number, delivery: Delivery): void {
  const queued = year.queue.get(day);
  if (queued === undefined) year.queue.set(day, [delivery]);
  else queued.push(delivery);
}

/** Delivers what comes on this evening, in no order, each account's in one lane. */
export async function deliver(year: Year, day: number): Promise<void> {
  const today = year.queue.get(day) ?? [];
  year.queue.delete(day);
  const lanes: Delivery[][] = Array.from({ length: LANES }, () => []);
  for (const delivery of chanceOf(year.size.seed, 'order', day).shuffled(today)) {
    const account = Number(delivery.usage.tenant.accountId.slice(-4));
    lanes[(Number.isNaN(account) ? 0 : account) % LANES]?.push(delivery);
  }
  await inLanes(lanes, async (lane) => {
    for (let from = 0; from < lane.length; from += BATCH) await rateBatch(year, lane.slice(from, from + BATCH));
  });
}

async function rateBatch(year: Year, batch: readonly Delivery[]): Promise<void> {
  year.count('deliveries', batch.length);
  const { deps } = year;
  const usages = batch.map((delivery) => delivery.usage);
  const outcomes = await deps.transact((stores) => rateUsages(deps, stores, usages));
  const contradicted = new Set(batch.filter((one) => one.isContradiction).map((one) => one.usage.usageId));
  for (const outcome of outcomes) {
    year.count(`outcome: ${outcome.kind === 'parked' ? `parked, ${outcome.reason}` : outcome.kind}`);
    const problem = problemOf(year, outcome, contradicted.has(outcome.usageId));
    if (problem !== undefined) throw new Error(`${outcome.usageId}: ${problem}`);
  }
}

/** What waits may be parked for a while; whether it ended as planned is asked when the year is over. */
const WAITS = new Set(['price_not_found', 'wallet_not_found', 'original_not_found']);

function problemOf(year: Year, outcome: RatingOutcome, isContradiction: boolean): string | undefined {
  const planned = year.told.get(outcome.usageId);
  if (planned === undefined) return 'was never told';
  if (isContradiction !== (outcome.kind === 'contradiction')) return `was ${outcome.kind}`;
  if (outcome.kind === 'parked') {
    return outcome.reason === planned || WAITS.has(outcome.reason) ? undefined : `${outcome.reason}, not ${planned}`;
  }
  return planned === RATED ? undefined : `${outcome.kind}, not ${planned}`;
}
