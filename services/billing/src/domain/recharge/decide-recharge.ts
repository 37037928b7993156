import { type Instant, MAX_MICROS, type Micros, type TenantPath } from '@suanli/kernel';
import { MAX_AMOUNT_MICROS } from '../hold/hold.ts';
import { clearingAccount, type Transfer, transferOf } from '../ledger/transfer.ts';
import type { Wallet } from '../ledger/wallet.ts';

/** Money that came in through a channel. */
export type Recharge = {
  id: string;
  walletId: string;
  tenant: TenantPath;
  channel: string;
  amountMicros: Micros;
  currency: string;
  /** The channel's own number of the payment; unique in its channel, so that one payment is never booked twice. */
  serialNumber: string;
  createdAt: Instant;
};

export type RechargeRefusal = {
  reason:
    | 'recharge_channel_unavailable'
    | 'amount_out_of_range'
    | 'currency_not_supported'
    | 'request_id_reused'
    | 'serial_number_reused';
};

export type RechargeDecision =
  | { kind: 'received'; recharge: Recharge; transfer: Transfer }
  | { kind: 'refused'; refusal: RechargeRefusal };

export function isRechargeAmount(micros: Micros): boolean {
  return micros > 0n && micros <= MAX_AMOUNT_MICROS;
}

/** Books a payment that the channel has confirmed. */
export function decideRecharge(
  wallet: Wallet,
  payment: Omit<Recharge, 'id' | 'walletId' | 'createdAt'>,
  ctx: { now: Instant; newId: (prefix: string) => string },
): RechargeDecision {
  const { amountMicros } = payment;
  if (!isRechargeAmount(amountMicros) || wallet.postedMicros + amountMicros > MAX_MICROS) {
    return { kind: 'refused', refusal: { reason: 'amount_out_of_range' } };
  }
  const recharge: Recharge = { ...payment, id: ctx.newId('rch'), walletId: wallet.id, createdAt: ctx.now };
  const transfer = transferOf({
    id: ctx.newId('trf'),
    kind: 'post',
    code: 'recharge',
    fromAccountId: clearingAccount(payment.channel),
    toAccountId: wallet.id,
    amountMicros,
    reference: recharge.id,
    createdAt: ctx.now,
  });
  return { kind: 'received', recharge, transfer };
}
