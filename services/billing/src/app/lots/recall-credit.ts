import { type BillLine, type PeriodTotal, totalKeyOf } from '../../domain/rating/bill-line.ts';
import type { LedgerBatch } from '../../domain/ledger/ledger-batch.ts';
import type { BillingStores } from '../ports.ts';

/**
 * Reads what credit these lines and totals have cost, for corrections that give it back. A wallet that never had a lot
 * costs no statement.
 */
export async function recallCredit(
  stores: BillingStores,
  batch: LedgerBatch,
  lines: Iterable<BillLine>,
  totals: Iterable<PeriodTotal>,
): Promise<void> {
  const mayHave = (accountId: string) => (batch.walletOf(accountId)?.lotCount ?? 0) > 0;
  const ofLines = [...lines].filter(({ tenant, period }) => period === '' && mayHave(tenant.accountId));
  const ofTotals = [...totals].filter(({ accountId }) => mayHave(accountId));
  if (ofLines.length + ofTotals.length === 0) return;
  const { spent, lots } = await stores.lots.spentOn(
    ofLines.map((line) => line.id),
    ofTotals.map((total) => ({ ...total, reference: totalKeyOf(total) })),
  );
  batch.recall(spent, lots);
}
