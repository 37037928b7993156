import { invariant } from '@suanli/kernel';
import { decidePayoutReturned, paidOut } from '../../domain/refund/payout.ts';
import type { Refund } from '../../domain/refund/refund.ts';
import { refundRecharge } from '../recharges/refund-recharge.ts';
import type { BillingDeps } from '../ports.ts';
import { lockBatch, writeBatch } from '../write-batch.ts';

/**
 * Asks the channel to send an approved payout; asked again with the same refund it sends nothing twice. One that the
 * channel refuses goes back into the wallet.
 */
export async function sendPayout(deps: BillingDeps, refundId: string): Promise<Refund> {
  const refund = await deps.transact((stores) => stores.refunds.get(refundId));
  invariant(refund !== undefined, `refund ${refundId} is there`);
  if (refund.state !== 'approved') return refund;
  const { target, amountMicros } = refund;
  const outcome = await refundRecharge(deps, { rechargeId: target.id, refundId, amountMicros });
  if (outcome.kind === 'pending') return refund;
  return deps.transact(async (stores) => {
    const batch = await lockBatch(deps, stores, { accountIds: [refund.tenant.accountId], holdIds: [] });
    const current = (await stores.refunds.get(refundId)) ?? refund;
    if (current.state !== 'approved') return current;
    const after = outcome.kind === 'done' ? paidOut(current, outcome.serialNumber, batch.now) : undefined;
    const returned = after === undefined ? decidePayoutReturned(batch, current) : undefined;
    if (returned?.kind === 'changed') batch.apply({ transfers: returned.transfers });
    const settled = after ?? (returned?.kind === 'changed' ? returned.refund : current);
    await stores.refunds.saveState(settled);
    await writeBatch(deps, stores, batch, [{ kind: 'refund_changed', refund: settled }]);
    return settled;
  });
}

/** Payouts that were approved and whose sending is not certain yet: after a crash, or while a provider is slow. */
export async function sendApprovedPayouts(deps: BillingDeps, limit: number): Promise<number> {
  const approved = await deps.transact((stores) => stores.refunds.approvedIds(limit));
  for (const refundId of approved) await sendPayout(deps, refundId);
  return approved.length;
}
