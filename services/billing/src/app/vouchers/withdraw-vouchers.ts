import type { BillingDeps } from '../ports.ts';
import type { VoucherBatchView } from './ports.ts';

/** Takes a batch back: its codes are no longer taken, what was redeemed stays. Undefined when there is no such batch. */
export async function withdrawVouchers(deps: BillingDeps, batchId: string): Promise<VoucherBatchView | undefined> {
  const isThere = await deps.transact((stores) => stores.vouchers.withdraw(batchId, deps.clock.now()));
  return isThere ? deps.reads.voucherBatch(batchId) : undefined;
}
