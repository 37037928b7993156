import { BudgetBook } from '../domain/budget/budget-book.ts';
import { LedgerBatch } from '../domain/ledger/ledger-batch.ts';
import { thresholdEvents } from './budgets/budget-events.ts';
import type { BillingDeps, BillingEvent, BillingStores } from './ports.ts';

/**
 * Locks the wallets of the accounts named and of the holds' owners, then reads the holds: whoever changes a hold has
 * its wallet locked, so what is read here stays true until the end of the transaction.
 */
export async function lockBatch(
  deps: BillingDeps,
  stores: BillingStores,
  touched: { accountIds: readonly string[]; walletIds?: readonly string[]; holdIds: readonly string[] },
): Promise<LedgerBatch> {
  const { holdIds } = touched;
  const owners = holdIds.length === 0 ? [] : await stores.holds.find(holdIds);
  const accountIds = new Set(touched.accountIds);
  const walletIds = new Set([...(touched.walletIds ?? []), ...owners.map((hold) => hold.walletId)]);
  const nothing = accountIds.size + walletIds.size === 0;
  const wallets = nothing ? [] : await stores.wallets.lockInOrder([...accountIds], [...walletIds]);
  const locked = new Set(wallets.map((wallet) => wallet.id));
  // A hold that appeared after the first look, in a wallet that is not locked, is as good as not there yet.
  const found = holdIds.length === 0 || nothing ? [] : await stores.holds.find(holdIds);
  const holds = found.filter((hold) => locked.has(hold.walletId));
  const marked = wallets.filter((wallet) => wallet.hasBudgets).map((wallet) => wallet.accountId);
  const now = deps.clock.now();
  const budgets = new BudgetBook(marked.length === 0 ? [] : await stores.budgets.open(marked, now), now);
  const funded = wallets.filter((wallet) => wallet.lotRemainingMicros > 0n).map((wallet) => wallet.id);
  const lots = funded.length === 0 ? [] : await stores.lots.funded(funded);
  return new LedgerBatch({ wallets, holds, lots, budgets, now, newId: deps.ids.next });
}

/** Writes what a batch decided, set by set, and the facts that follow from it. */
export async function writeBatch(
  deps: BillingDeps,
  stores: BillingStores,
  batch: LedgerBatch,
  more: readonly BillingEvent[] = [],
): Promise<void> {
  const levels = batch.levelChanges(deps.policy.lowBalanceMicros);
  const standings = batch.standingChanges(deps.policy.arrears);
  const events: BillingEvent[] = [
    ...more,
    ...bookedEvents(batch),
    ...brokenLots(batch),
    ...batch.endedHolds().map((hold) => ({ kind: 'hold_ended' as const, hold })),
    ...levels.map((level) => ({ kind: 'wallet_level_changed' as const, ...level })),
    ...standings.map((wallet) => ({ kind: 'account_arrears_changed' as const, wallet })),
    ...thresholdEvents(batch.budgets.crossings()),
  ];
  const holds = batch.changedHolds();
  const newLots = batch.newLots();
  // In one flight and in this order: a transfer names its hold and its lots.
  await Promise.all([
    holds.length > 0 && stores.holds.save(holds),
    newLots.length > 0 && stores.lots.insert(newLots),
    batch.transfers.length > 0 && stores.ledger.book(batch.transfers),
    ...writeBudgets(stores, batch.budgets),
    standings.length > 0 && stores.standings.save(standings),
    levels.length > 0 && stores.wallets.saveLevels(levels.map((level) => level.wallet)),
    events.length > 0 && stores.events.append(events, batch.now),
  ]);
}

function writeBudgets(stores: BillingStores, budgets: BudgetBook) {
  const [changed, counters] = [budgets.changedBudgets(), budgets.changedCounters()];
  return [
    changed.length > 0 && stores.budgets.save(changed),
    counters.length > 0 && stores.budgets.saveCounters(counters),
  ];
}

/** A message has its size: so many transfers at most are told in one event. */
const TRANSFERS_PER_EVENT = 500;

function bookedEvents({ transfers }: LedgerBatch): BillingEvent[] {
  const events: BillingEvent[] = [];
  for (let from = 0; from < transfers.length; from += TRANSFERS_PER_EVENT) {
    events.push({ kind: 'transfers_booked', transfers: transfers.slice(from, from + TRANSFERS_PER_EVENT) });
  }
  return events;
}

/** Lots of which something went to the platform. */
function brokenLots(batch: LedgerBatch): BillingEvent[] {
  const broken = batch.transfers.filter((transfer) => transfer.code === 'breakage');
  return broken.flatMap(({ reference, amountMicros }) => {
    const lot = batch.lot(reference);
    const wallet = lot && batch.walletOf(lot.accountId);
    if (lot === undefined || wallet === undefined) return [];
    return [{ kind: 'lot_expired' as const, lot, amountMicros, version: wallet.sequence }];
  });
}
