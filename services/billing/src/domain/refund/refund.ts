import { CURRENCY, type Instant, type Micros, type TenantPath } from '@suanli/kernel';
import type { LedgerBatch } from '../ledger/ledger-batch.ts';
import { type Order, refundableMicros } from '../order/order.ts';
import { type MoneyBack, returnMoney } from './return-money.ts';

/**
 * `wallet`: money of an order or a bill line back into the wallet, at once. `payout`: cash of a recharge out through the
 * channel it came by, once an operator agrees.
 */
export type Refund = {
  id: string;
  tenant: TenantPath;
  kind: 'wallet' | 'payout';
  /** `done` for the wallet; a payout is requested, then approved and paid, or rejected. */
  state: 'done' | 'requested' | 'approved' | 'paid' | 'rejected';
  target: { kind: 'order' | 'bill_line' | 'recharge'; id: string };
  amountMicros: Micros;
  currency: string;
  reason: string;
  /** Empty for the wallet. */
  channel: string;
  holdId?: string;
  serialNumber: string;
  decidedBy: string;
  createdAt: Instant;
  updatedAt: Instant;
};

export type RefundRefusalReason =
  | 'refund_not_found'
  | 'refund_target_not_found'
  | 'refund_exceeds_payment'
  | 'refund_already_decided'
  | 'refund_expired'
  | 'recharge_channel_unavailable'
  | 'amount_out_of_range'
  | 'amount_not_whole_fen'
  | 'insufficient_cash'
  | 'account_frozen'
  | 'request_id_reused';
/** `missingMicros` is how much more cash it would take, where cash is the matter. */
export type RefundRefusal = { reason: RefundRefusalReason; missingMicros?: Micros };

export function refundRefused(
  reason: RefundRefusalReason,
  missingMicros: Micros = 0n,
): { kind: 'refused'; refusal: RefundRefusal } {
  return { kind: 'refused', refusal: { reason, missingMicros } };
}

type Back = Pick<MoneyBack, 'funds'> & Pick<Refund, 'tenant' | 'target' | 'amountMicros' | 'reason'>;

/** Returns money into the batch, and the row that says so. The caller knows that it is not more than was paid. */
export function refundToWallet(batch: LedgerBatch, { tenant, target, amountMicros, funds, reason }: Back): Refund {
  const { accountId } = tenant;
  // What was bought is not known here: budgets of models and products are not reduced, those of whoever bought it are.
  const spender = { tenant, scope: { product: '', item: '', region: '' } };
  returnMoney(batch, { accountId, reference: target.id, code: 'refund', amountMicros, funds, spender });
  return {
    id: batch.newId('rfd'),
    tenant,
    kind: 'wallet',
    state: 'done',
    target,
    amountMicros,
    currency: CURRENCY,
    reason,
    channel: '',
    serialNumber: '',
    decidedBy: '',
    createdAt: batch.now,
    updatedAt: batch.now,
  };
}

/** A part of an order, or all that is left of it. */
export function refundOfOrder(
  batch: LedgerBatch,
  order: Order,
  amountMicros: Micros,
  reason: string,
): { refund: Refund; order: Order } {
  const target = { kind: 'order', id: order.id } as const;
  const funds = { references: [order.id], paidMicros: refundableMicros(order) };
  const refund = refundToWallet(batch, { tenant: order.tenant, target, amountMicros, funds, reason });
  return { refund, order: { ...order, refundedMicros: order.refundedMicros + amountMicros } };
}
