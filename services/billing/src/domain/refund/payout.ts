import { CURRENCY, type Instant, type Micros, type TenantPath } from '@suanli/kernel';
import { type Hold, isResolved, remainingMicros } from '../hold/hold.ts';
import type { LedgerBatch } from '../ledger/ledger-batch.ts';
import { refundsAccount, type Transfer, transferOf } from '../ledger/transfer.ts';
import { freeCashMicros } from '../ledger/wallet.ts';
import { type Refund, type RefundRefusal, refundRefused } from './refund.ts';

/** How long a request waits for an operator; then its money is free again. */
export const PAYOUT_WAITS_MS = 90 * 86_400_000;

export type PayoutRequest = {
  tenant: TenantPath;
  rechargeId: string;
  channel: string;
  amountMicros: Micros;
  /** What of the recharge has neither gone back nor is about to. */
  leftMicros: Micros;
  reason: string;
};
export type PayoutDecision =
  | { kind: 'changed'; refund: Refund; transfers: Transfer[]; hold?: Hold }
  | { kind: 'refused'; refusal: RefundRefusal };

/** Sets the cash of a payout aside until it is decided. Credit is never paid out, and an overdraft is not either. */
export function decidePayoutRequest(batch: LedgerBatch, request: PayoutRequest): PayoutDecision {
  const { tenant, rechargeId, channel, amountMicros, leftMicros, reason } = request;
  const wallet = batch.walletOf(tenant.accountId);
  if (amountMicros <= 0n) return refundRefused('amount_out_of_range');
  if (wallet === undefined) return refundRefused('refund_target_not_found');
  if (wallet.status === 'frozen') return refundRefused('account_frozen');
  if (amountMicros > leftMicros) return refundRefused('refund_exceeds_payment');
  const missingMicros = amountMicros - (freeCashMicros(wallet) - wallet.overdraftMicros);
  if (missingMicros > 0n) return refundRefused('insufficient_cash', missingMicros);
  const id = batch.newId('rfd');
  const expiresAt = batch.now + PAYOUT_WAITS_MS;
  const hold: Hold = {
    id: batch.newId('hld'),
    walletId: wallet.id,
    tenant,
    status: 'active',
    amountMicros,
    capturedMicros: 0n,
    releasedMicros: 0n,
    purpose: { kind: 'payout', id, epoch: 0 },
    scope: { product: 'payout', item: channel, region: '' },
    expiresAt,
    releaseAt: expiresAt,
    version: 1n,
    createdAt: batch.now,
  };
  const refund: Refund = {
    id,
    tenant,
    kind: 'payout',
    state: 'requested',
    target: { kind: 'recharge', id: rechargeId },
    amountMicros,
    currency: CURRENCY,
    reason,
    channel,
    holdId: hold.id,
    serialNumber: '',
    decidedBy: '',
    createdAt: batch.now,
    updatedAt: batch.now,
  };
  return { kind: 'changed', refund, hold, transfers: [ofHold(batch, hold, refund, 'pending')] };
}

/** Yes: the money leaves the wallet, and is the channel's to send. No: it is free again. */
export function decidePayout(
  batch: LedgerBatch,
  refund: Refund,
  verdict: { isApproved: boolean; by: string },
): PayoutDecision {
  if (refund.state !== 'requested') return refundRefused('refund_already_decided');
  const hold = batch.hold(refund.holdId ?? '');
  if (hold === undefined || isResolved(hold) || hold.releaseAt <= batch.now) return refundRefused('refund_expired');
  const amountMicros = remainingMicros(hold);
  const { isApproved, by } = verdict;
  const resolved: Hold = {
    ...hold,
    status: 'closed',
    ...(isApproved ? { capturedMicros: amountMicros } : { releasedMicros: amountMicros }),
    resolvedAt: batch.now,
    version: hold.version + 1n,
  };
  const state = isApproved ? ('approved' as const) : ('rejected' as const);
  const transfer = ofHold(batch, hold, refund, isApproved ? 'post_pending' : 'void_pending');
  const decided = { ...refund, state, decidedBy: by, updatedAt: batch.now };
  return { kind: 'changed', refund: decided, hold: resolved, transfers: [transfer] };
}

/** The channel could not send it: the money comes back into the wallet. */
export function decidePayoutReturned(batch: LedgerBatch, refund: Refund): PayoutDecision {
  const wallet = batch.walletOf(refund.tenant.accountId);
  if (refund.state !== 'approved' || wallet === undefined) return refundRefused('refund_already_decided');
  const transfer = transferOf({
    id: batch.newId('trf'),
    kind: 'post',
    code: 'payout',
    fromAccountId: refundsAccount(refund.channel),
    toAccountId: wallet.id,
    amountMicros: refund.amountMicros,
    reference: refund.id,
    createdAt: batch.now,
  });
  return { kind: 'changed', refund: { ...refund, state: 'rejected', updatedAt: batch.now }, transfers: [transfer] };
}

export function paidOut(refund: Refund, serialNumber: string, now: Instant): Refund {
  return { ...refund, state: 'paid', serialNumber, updatedAt: now };
}

function ofHold(
  batch: LedgerBatch,
  hold: Hold,
  refund: Refund,
  kind: 'pending' | 'post_pending' | 'void_pending',
): Transfer {
  const codes = { pending: 'hold', post_pending: 'payout', void_pending: 'release' } as const;
  return transferOf({
    id: batch.newId('trf'),
    kind,
    code: codes[kind],
    fromAccountId: hold.walletId,
    toAccountId: refundsAccount(refund.channel),
    amountMicros: remainingMicros(hold),
    holdId: hold.id,
    reference: refund.id,
    createdAt: batch.now,
  });
}
