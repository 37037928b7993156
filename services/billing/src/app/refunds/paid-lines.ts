import type { LedgerBatch } from '../../domain/ledger/ledger-batch.ts';
import { PaidLines } from '../../domain/refund/paid-lines.ts';
import { recallCredit } from '../lots/recall-credit.ts';
import type { BillingStores } from '../ports.ts';

/** Bill lines that money may go back of, and in the batch what credit has paid for them. Their wallets are locked. */
export async function readPaidLines(
  stores: BillingStores,
  batch: LedgerBatch,
  lineIds: readonly string[],
): Promise<{ lines: PaidLines; scratch: PaidLines }> {
  const read = await stores.billLines.withTotals(lineIds);
  await recallCredit(stores, batch, read.lines, read.totals);
  return { lines: new PaidLines(read), scratch: new PaidLines(read) };
}

export async function savePaidLines(stores: BillingStores, { lines, totals }: PaidLines): Promise<void> {
  await stores.billLines.save(lines);
  if (totals.length > 0) await stores.billLines.saveTotals(totals);
}
