import type { LedgerBatch } from '../../domain/ledger/ledger-batch.ts';
import type { BillingStores } from '../ports.ts';

/** Tells the batch which credit paid for these orders or bill lines, so that money of them goes back there. */
export async function recallCredit(
  stores: BillingStores,
  batch: LedgerBatch,
  references: readonly string[],
): Promise<void> {
  if (references.length === 0) return;
  const spent = await stores.refunds.creditSpentOn(references);
  if (spent.length > 0) batch.recall(spent, await stores.lots.find([...new Set(spent.map((one) => one.lotId))]));
}
