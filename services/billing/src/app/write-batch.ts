import { LedgerBatch } from '../domain/ledger/ledger-batch.ts';
import type { BillingDeps, BillingEvent, BillingStores } from './ports.ts';

/**
 * Locks the wallets of the accounts named and of the holds' owners, then reads the holds: whoever changes a hold has
 * its wallet locked, so what is read here stays true until the end of the transaction.
 */
export async function lockBatch(
  deps: BillingDeps,
  stores: BillingStores,
  touched: { accountIds: readonly string[]; holdIds: readonly string[] },
): Promise<LedgerBatch> {
  const owners = touched.holdIds.length === 0 ? [] : await stores.holds.find(touched.holdIds);
  const accountIds = [...touched.accountIds, ...owners.map((hold) => hold.tenant.accountId)];
  const wallets = accountIds.length === 0 ? [] : await stores.wallets.lockInOrder([...new Set(accountIds)]);
  const holds = owners.length === 0 ? [] : await stores.holds.find(touched.holdIds);
  return new LedgerBatch({ wallets, holds, now: deps.clock.now(), newId: deps.ids.next });
}

/** Writes what a batch decided, set by set, and the facts that follow from it. */
export async function writeBatch(
  deps: BillingDeps,
  stores: BillingStores,
  batch: LedgerBatch,
  more: readonly BillingEvent[] = [],
): Promise<void> {
  const levels = batch.levelChanges(deps.policy.lowBalanceMicros);
  const events: BillingEvent[] = [
    ...more,
    ...batch.endedHolds().map((hold) => ({ kind: 'hold_ended' as const, hold })),
    ...levels.map((level) => ({ kind: 'wallet_level_changed' as const, ...level })),
  ];
  const holds = batch.changedHolds();
  if (holds.length > 0) await stores.holds.save(holds);
  if (batch.transfers.length > 0) await stores.ledger.book(batch.transfers);
  if (levels.length > 0) await stores.wallets.saveLevels(levels.map((level) => level.wallet));
  if (events.length > 0) await stores.events.append(events, batch.now);
}
