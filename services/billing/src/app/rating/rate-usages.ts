import { lineKeyOf, totalKeyOf, totalKeyOfLine } from '../../domain/rating/bill-line.ts';
import type { KnownUsage } from '../../domain/rating/facts.ts';
import type { RatingState } from '../../domain/rating/plan-usage.ts';
import { type Rated, type RatedCharge, rateUsage } from '../../domain/rating/rate-usage.ts';
import { type Parked, type ParkReason, tellsTheSame, type Usage, waitFor } from '../../domain/rating/usage.ts';
import type { BillingDeps, BillingStores } from '../ports.ts';
import { lockBatch, writeBatch } from '../write-batch.ts';
import { loadState } from './load-state.ts';

/** `duplicate`: rated before. `contradiction`: an event of this id told another fact, and that one was rated. */
export type RatingOutcome =
  | { kind: 'rated'; usageId: string; charges: RatedCharge[] }
  | { kind: 'parked'; usageId: string; reason: ParkReason }
  | { kind: 'duplicate' | 'contradiction'; usageId: string };

/**
 * Rates usage events exactly once, whatever the number and order of their deliveries: in the caller's transaction, under
 * the lock of each account's wallet. What cannot be rated is parked with its reason. Corrections that waited for one of
 * these events are rated right after it.
 */
export async function rateUsages(
  deps: BillingDeps,
  stores: BillingStores,
  usages: readonly Usage[],
): Promise<RatingOutcome[]> {
  const distinct = [...new Map(usages.map((usage) => [usage.usageId, usage])).values()];
  const { batch, known, waiting } = await lookUp(deps, stores, distinct);
  const outcomes: RatingOutcome[] = [];
  const pending: Usage[] = [];
  const knownById = new Map(known.map((one) => [one.usage.usageId, one]));
  for (const usage of distinct) {
    const before = knownById.get(usage.usageId);
    if (before?.state !== 'rated') pending.push(usage);
    else
      outcomes.push({
        kind: tellsTheSame(before.usage, usage) ? 'duplicate' : 'contradiction',
        usageId: usage.usageId,
      });
  }
  if (pending.length === 0) return outcomes;
  const state = await loadState(stores, batch, pending, known);
  const results = rateInOrder(state, pending);
  await saveResults(deps, stores, state, results);
  outcomes.push(...results.map(outcomeOf));
  const tried = new Set(pending.map((usage) => usage.usageId));
  const freed = waiting.filter((one) => !tried.has(one.usageId) && isFreed(one, results));
  if (freed.length > 0) outcomes.push(...(await rateUsages(deps, stores, freed)));
  return outcomes;
}

/** Rates events of an epoch anew that a fence has cut since: the difference goes back. */
export async function rerateUsages(
  deps: BillingDeps,
  stores: BillingStores,
  rated: readonly KnownUsage[],
): Promise<RatingOutcome[]> {
  const ids = rated.map((one) => one.usage.usageId);
  const { batch, known } = await lookUp(
    deps,
    stores,
    rated.map((one) => one.usage),
  );
  const asked = new Set(ids);
  // In one order everywhere: who of them gets back what a refund has left depends on it.
  const current = known
    .filter((one) => asked.has(one.usage.usageId) && one.supersededBy === undefined)
    .sort((a, b) => (a.usage.usageId < b.usage.usageId ? -1 : 1));
  const state = await loadState(
    stores,
    batch,
    current.map((one) => one.usage),
    known,
    true,
  );
  const results = current.map(({ usage, revision }): Result => ({ usage, ...rateUsage(state, usage, revision + 1) }));
  await saveResults(deps, stores, state, results);
  return results.map(outcomeOf);
}

type Result = Rated | (Parked & { kind: 'parked' });

async function lookUp(deps: BillingDeps, stores: BillingStores, usages: readonly Usage[]) {
  const batch = await lockBatch(deps, stores, {
    accountIds: usages.map((usage) => usage.tenant.accountId),
    holdIds: usages.flatMap((usage) => usage.holdId ?? []),
  });
  const ids = usages.flatMap(({ usageId, correctsUsageId }) =>
    correctsUsageId === undefined ? [usageId] : [usageId, correctsUsageId],
  );
  const found = await stores.usage.find(
    [...new Set(ids)],
    usages.map(({ usageId }) => waitFor.usage(usageId)),
  );
  return { batch, ...found };
}

/** An event that waits for another one of the same batch is tried again after it, as long as that helps. */
function rateInOrder(state: RatingState, usages: readonly Usage[]): Result[] {
  const results = new Map<string, Result>();
  let left = [...usages];
  while (left.length > 0) {
    const waiting: Usage[] = [];
    for (const usage of left) {
      const result: Result = { usage, ...rateUsage(state, usage) };
      results.set(usage.usageId, result);
      if (result.kind === 'parked' && result.reason === 'original_not_found') waiting.push(usage);
    }
    if (waiting.length === left.length) break;
    left = waiting;
  }
  return [...results.values()];
}

async function saveResults(
  deps: BillingDeps,
  stores: BillingStores,
  state: RatingState,
  results: readonly Result[],
): Promise<void> {
  const { batch } = state;
  const parked = results.filter((one) => one.kind === 'parked');
  const rated = results.filter((one) => one.kind === 'rated');
  const changed = new Map(rated.flatMap((one) => one.charges.map(({ line }) => [lineKeyOf(line), line.id])));
  const lines = [...changed.keys()].flatMap((key) => state.lines.get(key) ?? []);
  const sharedBy = new Set(lines.map(totalKeyOfLine));
  const totals = [...state.totals.values()].filter((total) => sharedBy.has(totalKeyOf(total)));
  if (parked.length > 0) await stores.usage.park(parked, batch.now);
  if (lines.length > 0) await stores.billLines.save(lines);
  if (totals.length > 0) await stores.billLines.saveTotals(totals);
  if (rated.length > 0) await stores.usage.saveRated(rated, batch.now);
  const facts = rated.flatMap(({ charges }) => charges.map((charge) => ({ kind: 'charge_rated' as const, ...charge })));
  await writeBatch(deps, stores, batch, facts);
}

/** A correction that waited for an event which is rated now. */
function isFreed(usage: Usage, results: readonly Result[]): boolean {
  return results.some((one) => one.kind === 'rated' && one.usage.usageId === usage.correctsUsageId);
}

function outcomeOf(result: Result): RatingOutcome {
  const { usageId } = result.usage;
  if (result.kind === 'rated') return { kind: 'rated', usageId, charges: result.charges };
  return { kind: 'parked', usageId, reason: result.reason };
}
