import { CURRENCY, type CallContext, invariant } from '@suanli/kernel';
import type { LedgerBatch } from '../../domain/ledger/ledger-batch.ts';
import type { AssignRefusalReason, IncomingPayment } from '../../domain/recharge/incoming-payment.ts';
import { openRecharge } from '../../domain/recharge/open-recharge.ts';
import type { Recharge } from '../../domain/recharge/recharge.ts';
import type { BillingDeps, BillingStores } from '../ports.ts';
import { lockBatch } from '../write-batch.ts';
import { bookPayment } from './receive-bank-transfers.ts';

type AssignOutcome = { kind: 'booked'; payment: IncomingPayment } | { kind: 'refused'; reason: AssignRefusalReason };

/**
 * Gives a payment that nobody could place to an account, on an operator's word. Doing it twice is harmless; giving it to
 * a second account is refused.
 */
export function assignPayment(
  deps: BillingDeps,
  ctx: CallContext,
  command: { paymentId: string; accountId: string },
): Promise<AssignOutcome> {
  const { paymentId, accountId } = command;
  return deps.transact(async (stores): Promise<AssignOutcome> => {
    // The wallet before the payment, as whoever parks one does: no two of them deadlock.
    const batch = await lockBatch(deps, stores, { accountIds: [accountId], holdIds: [] });
    const payment = await stores.incomingPayments.lock(paymentId);
    if (payment === undefined) return refused('payment_not_found');
    const known = payment.rechargeId === '' ? undefined : await stores.recharges.get(payment.rechargeId);
    if (payment.state === 'booked') {
      return known?.tenant.accountId === accountId ? { kind: 'booked', payment } : refused('payment_assigned');
    }
    if (payment.currency !== CURRENCY) return refused('currency_not_supported');
    if (known !== undefined && known.tenant.accountId !== accountId) return refused('payment_of_another_account');
    const recharge = known ?? (await rechargeFor(stores, ctx, payment, batch, accountId));
    if (recharge === undefined) return refused('wallet_not_found');
    const { kind, payment: after } = await bookPayment(deps, stores, payment, recharge);
    return kind === 'booked' ? { kind, payment: after } : refused('amount_out_of_range');
  });
}

/** A recharge that nobody had asked for. Absent when the account has no wallet: most likely a slip in its id. */
async function rechargeFor(
  stores: BillingStores,
  ctx: CallContext,
  payment: IncomingPayment,
  batch: LedgerBatch,
  accountId: string,
): Promise<Recharge | undefined> {
  const wallet = batch.walletOf(accountId);
  if (wallet === undefined) return undefined;
  invariant(payment.rechargeId === '', `payment ${payment.id} has no recharge yet`);
  const { channel, amountMicros, currency } = payment;
  const tenant = { accountId, workspaceId: '', principalId: ctx.tenant.principalId };
  const opened = openRecharge({ walletId: wallet.id, tenant, channel, amountMicros, currency, offerMs: 0 }, batch);
  await stores.recharges.insert(opened);
  return opened;
}

function refused(reason: AssignRefusalReason): AssignOutcome {
  return { kind: 'refused', reason };
}
