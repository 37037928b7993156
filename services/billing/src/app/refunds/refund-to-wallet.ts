import type { Micros } from '@suanli/kernel';
import { refundableMicros } from '../../domain/order/order.ts';
import {
  type Refund,
  refundOfOrder,
  type RefundRefusal,
  refundRefused,
  refundToWallet,
} from '../../domain/refund/refund.ts';
import { onceOnly } from '../once-only.ts';
import type { BillingDeps, BillingStores } from '../ports.ts';
import { lockBatch, writeBatch } from '../write-batch.ts';
import { readPaidLines, savePaidLines } from './paid-lines.ts';
import { recallCredit } from './recall-credit.ts';
import { saveRefund } from './save-refund.ts';

export type RefundToWallet = {
  requestId: string;
  accountId: string;
  target: { kind: 'order' | 'bill_line'; id: string };
  amountMicros: Micros;
  reason: string;
};
export type RefundResult = { kind: 'refunded'; refund: Refund } | { kind: 'refused'; refusal: RefundRefusal };

/** An operator gives money of an order or a bill line back: in part or whole, never more than was paid for it. */
export async function refundMoneyToWallet(deps: BillingDeps, command: RefundToWallet): Promise<RefundResult> {
  if (command.amountMicros <= 0n) return refundRefused('amount_out_of_range');
  return onceOnly<RefundResult>(deps, `refund/${command.accountId}`, command, async (stores) =>
    command.target.kind === 'order' ? ofOrder(deps, stores, command) : ofBillLine(deps, stores, command),
  );
}

async function ofOrder(deps: BillingDeps, stores: BillingStores, command: RefundToWallet): Promise<RefundResult> {
  const { accountId, target, amountMicros, reason } = command;
  const batch = await lockBatch(deps, stores, { accountIds: [accountId], holdIds: [] });
  const order = await stores.orders.get(target.id);
  // Money that came in leaves by a payout; credit of a voucher is not the customer's to sell.
  const isBought = order !== undefined && order.kind !== 'recharge' && order.kind !== 'voucher';
  if (!isBought || order.tenant.accountId !== accountId) return refundRefused('refund_target_not_found');
  if (amountMicros > refundableMicros(order)) return refundRefused('refund_exceeds_payment');
  await recallCredit(stores, batch, [order.id]);
  const refunded = refundOfOrder(batch, order, amountMicros, reason);
  await saveRefund(stores, refunded);
  await writeBatch(deps, stores, batch, [{ kind: 'refund_changed', refund: refunded.refund }]);
  return { kind: 'refunded', refund: refunded.refund };
}

async function ofBillLine(deps: BillingDeps, stores: BillingStores, command: RefundToWallet): Promise<RefundResult> {
  const { accountId, target, amountMicros, reason } = command;
  const batch = await lockBatch(deps, stores, { accountIds: [accountId], holdIds: [] });
  const { lines } = await readPaidLines(stores, batch, [target.id]);
  const line = lines.find(target.id);
  if (line === undefined || line.tenant.accountId !== accountId) return refundRefused('refund_target_not_found');
  if (amountMicros > lines.leftMicros(line.id)) return refundRefused('refund_exceeds_payment');
  const { tenant } = line;
  const refund = refundToWallet(batch, { tenant, target, amountMicros, funds: lines.funds(line.id), reason });
  lines.returned(line.id, 'refund', amountMicros);
  await savePaidLines(stores, lines);
  await stores.refunds.insert(refund);
  await writeBatch(deps, stores, batch, [{ kind: 'refund_changed', refund }]);
  return { kind: 'refunded', refund };
}
