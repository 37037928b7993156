import type { LedgerBatch } from '../../domain/ledger/ledger-batch.ts';
import type { Price } from '../../domain/price/price.ts';
import { type BillLine, lineKeyOf } from '../../domain/rating/bill-line.ts';
import { type BillLines, type RatedCharge, rateUsage } from '../../domain/rating/rate-usage.ts';
import { type ParkReason, tellsTheSame, type Usage } from '../../domain/rating/usage.ts';
import type { BillingDeps, BillingStores } from '../ports.ts';
import { lockBatch, writeBatch } from '../write-batch.ts';

/** `duplicate`: rated before. `contradiction`: an event of this id told another fact, and that one was rated. */
export type RatingOutcome =
  | { kind: 'rated'; usageId: string; charges: RatedCharge[] }
  | { kind: 'parked'; usageId: string; reason: ParkReason }
  | { kind: 'duplicate' | 'contradiction'; usageId: string };

/**
 * Rates usage events exactly once, whatever the number and order of their deliveries: in the caller's transaction, under
 * the lock of each account's wallet. What cannot be rated is parked with its reason.
 */
export async function rateUsages(
  deps: BillingDeps,
  stores: BillingStores,
  usages: readonly Usage[],
): Promise<RatingOutcome[]> {
  const distinct = [...new Map(usages.map((usage) => [usage.usageId, usage])).values()];
  const holdIds = distinct.flatMap((usage) => usage.holdId ?? []);
  const batch = await lockBatch(deps, stores, { accountIds: distinct.map((usage) => usage.tenant.accountId), holdIds });
  const outcomes: RatingOutcome[] = [];
  const pending: Usage[] = [];
  const known = new Map(
    (await stores.usage.find(distinct.map((u) => u.usageId))).map((one) => [one.usage.usageId, one]),
  );
  for (const usage of distinct) {
    const before = known.get(usage.usageId);
    if (before?.state !== 'rated') pending.push(usage);
    else
      outcomes.push({
        kind: tellsTheSame(before.usage, usage) ? 'duplicate' : 'contradiction',
        usageId: usage.usageId,
      });
  }
  if (pending.length > 0) outcomes.push(...(await ratePending(deps, stores, batch, pending)));
  return outcomes;
}

async function ratePending(
  deps: BillingDeps,
  stores: BillingStores,
  batch: LedgerBatch,
  usages: readonly Usage[],
): Promise<RatingOutcome[]> {
  const book = await loadPrices(stores, usages);
  const before = await stores.billLines.ofResources(usages);
  const lines: BillLines = new Map(before.map((line) => [lineKeyOf(line), line]));
  const rated: { usage: Usage; charges: RatedCharge[] }[] = [];
  const parked: { usage: Usage; reason: ParkReason }[] = [];
  for (const usage of usages) {
    const result = rateUsage(batch, book, lines, usage);
    if (result.kind === 'parked') parked.push({ usage, reason: result.reason });
    else rated.push({ usage, charges: result.charges });
  }
  const changed = changedLines(before, lines);
  if (parked.length > 0) await stores.usage.park(parked, batch.now);
  if (changed.length > 0) await stores.billLines.save(changed);
  if (rated.length > 0) await stores.usage.saveRated(rated, batch.now);
  const facts = rated.flatMap(({ charges }) => charges.map((charge) => ({ kind: 'charge_rated' as const, ...charge })));
  await writeBatch(deps, stores, batch, facts);
  return [
    ...rated.map(({ usage, charges }) => ({ kind: 'rated' as const, usageId: usage.usageId, charges })),
    ...parked.map(({ usage, reason }) => ({ kind: 'parked' as const, usageId: usage.usageId, reason })),
  ];
}

function loadPrices(stores: BillingStores, usages: readonly Usage[]): Promise<Price[]> {
  return stores.prices.candidates(
    usages.flatMap(({ readings, region, item }) => readings.map(({ meter }) => ({ meter, region, item }))),
  );
}

function changedLines(before: readonly BillLine[], lines: BillLines): BillLine[] {
  const versions = new Map(before.map((line) => [line.id, line.version]));
  return [...lines.values()].filter((line) => versions.get(line.id) !== line.version);
}
