import { decidePayout } from '../../domain/refund/payout.ts';
import { refundRefused } from '../../domain/refund/refund.ts';
import { onceOnly } from '../once-only.ts';
import type { BillingDeps } from '../ports.ts';
import { lockBatch, writeBatch } from '../write-batch.ts';
import type { RefundResult } from './refund-to-wallet.ts';
import { sendPayout } from './send-payout.ts';

export type DecidePayout = { requestId: string; refundId: string; isApproved: boolean; by: string };

/** An operator's word on a payout. A yes takes the money out of the wallet; then the channel is asked to send it. */
export async function decidePayoutRequested(deps: BillingDeps, command: DecidePayout): Promise<RefundResult> {
  const { refundId, isApproved, by } = command;
  const decided = await onceOnly<RefundResult>(deps, 'payout.decide', command, async (stores) => {
    const before = await stores.refunds.get(refundId);
    if (before?.holdId === undefined) return refundRefused('refund_not_found');
    const touched = { accountIds: [before.tenant.accountId], holdIds: [before.holdId] };
    const batch = await lockBatch(deps, stores, touched);
    const refund = (await stores.refunds.get(refundId)) ?? before;
    const decision = decidePayout(batch, refund, { isApproved, by });
    if (decision.kind === 'refused') return decision;
    const { transfers, hold } = decision;
    batch.apply({ transfers, ...(hold !== undefined && { hold }) });
    await writeBatch(deps, stores, batch, [{ kind: 'refund_changed', refund: decision.refund }]);
    await stores.refunds.saveState(decision.refund);
    return { kind: 'refunded', refund: decision.refund };
  });
  if (decided.kind === 'refused' || decided.refund.state !== 'approved') return decided;
  return { kind: 'refunded', refund: await sendPayout(deps, refundId) };
}
