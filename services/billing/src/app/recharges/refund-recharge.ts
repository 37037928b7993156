import type { Micros } from '@suanli/kernel';
import { isRechargeAmount, refundableMicros } from '../../domain/recharge/recharge.ts';
import { refundSerial } from '../../domain/recharge/standing.ts';
import type { BillingDeps } from '../ports.ts';
import { lockBatch } from '../write-batch.ts';
import { bookMovements, SerialNumberReused } from './book-movements.ts';
import type { ChannelRefundOutcome } from './ports.ts';

type RefundRechargeOutcome =
  | ChannelRefundOutcome
  | {
      kind: 'refused';
      reason:
        | 'recharge_not_found'
        | 'recharge_channel_unavailable'
        | 'amount_out_of_range'
        | 'amount_not_whole_fen'
        | 'refund_exceeds_recharge';
    };

/**
 * Sends money back through the channel that it came by, once per `refundId`, and writes down on the recharge that it
 * went. The caller has taken the money out of the wallet before; called again, it says how far the refund is.
 */
export async function refundRecharge(
  deps: BillingDeps,
  refund: { rechargeId: string; refundId: string; amountMicros: Micros },
): Promise<RefundRechargeOutcome> {
  const { rechargeId, refundId, amountMicros } = refund;
  const recharge = await deps.reads.recharge(rechargeId);
  if (recharge === undefined) return { kind: 'refused', reason: 'recharge_not_found' };
  const channel = deps.channels.get(recharge.channel);
  if (channel === undefined) return { kind: 'refused', reason: 'recharge_channel_unavailable' };
  if (!isRechargeAmount(amountMicros)) return { kind: 'refused', reason: 'amount_out_of_range' };
  const unfit = channel.refuseAmount(amountMicros);
  if (unfit !== undefined) return { kind: 'refused', reason: unfit };
  const booked = await deps.reads.movements(rechargeId);
  const serial = refundSerial(refundId);
  const before = booked.find((one) => one.serialNumber === serial);
  if (before === undefined && amountMicros > refundableMicros(recharge)) {
    return { kind: 'refused', reason: 'refund_exceeds_recharge' };
  }
  const outcome = await channel.refund(recharge, { refundId, amountMicros });
  if (outcome.kind === 'refused' || before !== undefined) return outcome;
  const wanted = { kind: 'refund' as const, serialNumber: serial, amountMicros, movesMoney: false };
  await deps
    .transact(async (stores) => {
      const batch = await lockBatch(deps, stores, { accountIds: [recharge.tenant.accountId], holdIds: [] });
      const current = (await stores.recharges.get(rechargeId)) ?? recharge;
      const result = await bookMovements(stores, batch, current, [wanted]);
      await stores.recharges.save({ ...result.recharge, version: current.version + 1n });
    })
    .catch((error: unknown) => {
      // The provider's own news of this refund came first.
      if (!(error instanceof SerialNumberReused)) throw error;
    });
  return outcome;
}
