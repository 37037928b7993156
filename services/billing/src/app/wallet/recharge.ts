import { CURRENCY, type CallContext, invariant, type Micros } from '@suanli/kernel';
import type { Wallet } from '../../domain/ledger/wallet.ts';
import { clearingAccount } from '../../domain/ledger/transfer.ts';
import {
  decideRecharge,
  isRechargeAmount,
  type Recharge,
  type RechargeRefusal,
} from '../../domain/recharge/decide-recharge.ts';
import { openWallet } from './open-wallet.ts';
import type { BillingDeps, BillingStores, Payment } from '../ports.ts';
import { lockBatch, writeBatch } from '../write-batch.ts';

export type RechargeCommand = {
  requestId: string;
  channel: string;
  amountMicros: Micros;
  currency: string;
  serialNumber: string;
};

type Received = { recharge: Recharge; wallet: Wallet };
export type RechargeResult = ({ kind: 'received' } & Received) | { kind: 'refused'; refusal: RechargeRefusal };

/** Adds money that a channel confirms. Idempotent by request id, and by the channel's own number of the payment. */
export async function recharge(deps: BillingDeps, ctx: CallContext, command: RechargeCommand): Promise<RechargeResult> {
  const channel = deps.channels.get(command.channel);
  if (channel === undefined) return refused('recharge_channel_unavailable');
  if (command.currency !== CURRENCY) return refused('currency_not_supported');
  if (!isRechargeAmount(command.amountMicros)) return refused('amount_out_of_range');
  const payment: Payment = { tenant: ctx.tenant, ...command };
  const { serialNumber } = await channel.receive(payment);
  const scope = `recharge/${ctx.tenant.accountId}`;
  return deps.transact(async (stores) => {
    const [claim] = await stores.requests.claim<Received>(scope, [{ requestId: command.requestId, body: command }]);
    invariant(claim !== undefined, 'one request, one claim');
    if (claim.kind === 'conflict') return refused('request_id_reused');
    if (claim.kind === 'replayed') return { kind: 'received', ...claim.answer };
    const result = await book(deps, stores, channel.name, { ...payment, serialNumber });
    if (result.kind === 'refused') await stores.requests.forget(scope, [command.requestId]);
    else await stores.requests.remember(scope, [{ requestId: command.requestId, answer: answerOf(result) }]);
    return result;
  });
}

async function book(
  deps: BillingDeps,
  stores: BillingStores,
  channel: string,
  payment: Payment,
): Promise<RechargeResult> {
  const { tenant, amountMicros, currency, serialNumber } = payment;
  await openWallet(deps, stores, tenant.accountId);
  const batch = await lockBatch(deps, stores, { accountIds: [tenant.accountId], holdIds: [] });
  const wallet = batch.walletOf(tenant.accountId);
  invariant(wallet !== undefined, `account ${tenant.accountId} has a wallet`);
  const decision = decideRecharge(wallet, { tenant, channel, amountMicros, currency, serialNumber }, batch);
  if (decision.kind === 'refused') return decision;
  if (!(await stores.recharges.insert(decision.recharge))) return refused('serial_number_reused');
  await stores.ledger.openPlatformAccount(clearingAccount(channel), 'clearing', batch.now);
  batch.apply({ transfers: [decision.transfer] });
  await writeBatch(deps, stores, batch);
  return { kind: 'received', recharge: decision.recharge, wallet: batch.walletOf(tenant.accountId) ?? wallet };
}

function answerOf({ recharge: booked, wallet }: Received): Received {
  return { recharge: booked, wallet };
}

function refused(reason: RechargeRefusal['reason']): { kind: 'refused'; refusal: RechargeRefusal } {
  return { kind: 'refused', refusal: { reason } };
}
