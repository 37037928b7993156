import type { CallContext, Micros } from '@suanli/kernel';
import { refundsAccount } from '../../domain/ledger/transfer.ts';
import { refundableMicros } from '../../domain/recharge/recharge.ts';
import { decidePayoutRequest } from '../../domain/refund/payout.ts';
import { refundRefused } from '../../domain/refund/refund.ts';
import { onceOnly } from '../once-only.ts';
import type { BillingDeps } from '../ports.ts';
import { lockBatch, writeBatch } from '../write-batch.ts';
import type { RefundResult } from './refund-to-wallet.ts';

export type RequestPayout = { requestId: string; rechargeId: string; amountMicros: Micros; reason: string };

/** Asks for unused cash back, through the channel by which it came. It is set aside until an operator has decided. */
export async function requestPayout(
  deps: BillingDeps,
  { tenant }: CallContext,
  command: RequestPayout,
): Promise<RefundResult> {
  const { accountId } = tenant;
  return onceOnly<RefundResult>(deps, `payout/${accountId}`, command, async (stores) => {
    const { rechargeId, amountMicros, reason } = command;
    const batch = await lockBatch(deps, stores, { accountIds: [accountId], holdIds: [] });
    const recharge = await stores.recharges.get(rechargeId);
    if (recharge === undefined || recharge.tenant.accountId !== accountId)
      return refundRefused('refund_target_not_found');
    const channel = deps.channels.get(recharge.channel);
    if (channel === undefined) return refundRefused('recharge_channel_unavailable');
    const unfit = channel.refuseAmount(amountMicros);
    if (unfit !== undefined) return refundRefused(unfit);
    const leftMicros = refundableMicros(recharge) - (await stores.refunds.openPayoutMicros(rechargeId));
    const decision = decidePayoutRequest(batch, {
      tenant,
      rechargeId,
      channel: channel.name,
      amountMicros,
      leftMicros,
      reason,
    });
    if (decision.kind === 'refused') return decision;
    const { refund, transfers, hold } = decision;
    batch.apply({ transfers, ...(hold !== undefined && { hold }) });
    await stores.ledger.openPlatformAccount(refundsAccount(channel.name), 'clearing', batch.now);
    await writeBatch(deps, stores, batch, [{ kind: 'refund_changed', refund }]);
    await stores.refunds.insert(refund);
    return { kind: 'refunded', refund };
  });
}
