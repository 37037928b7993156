import { CURRENCY, type CallContext, invariant, type Micros } from '@suanli/kernel';
import type { Wallet } from '../../domain/ledger/wallet.ts';
import { nextCheckOf } from '../../domain/recharge/next-check.ts';
import { openRecharge } from '../../domain/recharge/open-recharge.ts';
import {
  isRechargeAmount,
  type Recharge,
  type RechargeRefusal,
  type RechargeRefusalReason,
} from '../../domain/recharge/recharge.ts';
import type { BillingDeps, BillingStores } from '../ports.ts';
import { bookMovements, SerialNumberReused } from '../recharges/book-movements.ts';
import { openOffer } from '../recharges/open-offer.ts';
import type { InstantChannel, WaitingChannel } from '../recharges/ports.ts';
import { lockBatch, writeBatch } from '../write-batch.ts';
import { openWallet } from './open-wallet.ts';

export type RechargeCommand = {
  requestId: string;
  channel: string;
  amountMicros: Micros;
  currency: string;
  serialNumber: string;
};

type Answer = { recharge: Recharge; wallet: Wallet };
/** `received`: the money is in the wallet. `offered`: the recharge says how to pay. */
export type RechargeResult =
  | ({ kind: 'received' | 'offered' } & Answer)
  | { kind: 'refused'; refusal: RechargeRefusal };

/** Puts money into the wallet of the caller's account, at once or once it has arrived. Idempotent by request id. */
export async function recharge(deps: BillingDeps, ctx: CallContext, command: RechargeCommand): Promise<RechargeResult> {
  const channel = deps.channels.get(command.channel);
  if (channel === undefined) return refused('recharge_channel_unavailable');
  if (command.currency !== CURRENCY) return refused('currency_not_supported');
  if (!isRechargeAmount(command.amountMicros)) return refused('amount_out_of_range');
  const unfit = channel.refuseAmount(command.amountMicros);
  if (unfit !== undefined) return refused(unfit);
  return channel.kind === 'instant' ? receive(deps, ctx, command, channel) : offer(deps, ctx, command, channel);
}

async function receive(
  deps: BillingDeps,
  ctx: CallContext,
  command: RechargeCommand,
  channel: InstantChannel,
): Promise<RechargeResult> {
  const { serialNumber } = await channel.receive({ tenant: ctx.tenant, ...command });
  try {
    return await once(deps, ctx, command, async (stores) => {
      const batch = await lockWallet(deps, stores, ctx);
      const opened = newRecharge(batch, ctx, command, { offerMs: 0 });
      await stores.recharges.insert(opened);
      const receipt = { kind: 'receipt' as const, serialNumber, amountMicros: command.amountMicros, movesMoney: true };
      const booked = await bookMovements(stores, batch, opened, [receipt]);
      if (booked.kind === 'refused') return refused(booked.reason);
      await stores.recharges.save(booked.recharge);
      await writeBatch(deps, stores, batch);
      return { kind: 'received', recharge: booked.recharge, wallet: walletOf(batch, ctx) };
    });
  } catch (error) {
    if (error instanceof SerialNumberReused) return refused('serial_number_reused');
    if (error instanceof Refused) return refused(error.reason);
    throw error;
  }
}

/** First our own row, then the provider: whatever breaks in between, the next try or the loop goes on from the row. */
async function offer(
  deps: BillingDeps,
  ctx: CallContext,
  command: RechargeCommand,
  channel: WaitingChannel,
): Promise<RechargeResult> {
  const begun = await once(deps, ctx, command, async (stores) => {
    const batch = await lockWallet(deps, stores, ctx);
    const fresh = newRecharge(batch, ctx, command, channel);
    const nextCheckAt = nextCheckOf(fresh, true, batch.now);
    const opened = { ...fresh, ...(nextCheckAt !== undefined && { nextCheckAt }) };
    await stores.recharges.insert(opened);
    await writeBatch(deps, stores, batch);
    return { kind: 'offered', recharge: opened, wallet: walletOf(batch, ctx) };
  });
  if (begun.kind === 'refused') return begun;
  const opened = await openOffer(deps, channel, begun.recharge.id);
  const wallet = await deps.reads.wallet(ctx.tenant.accountId);
  return {
    kind: opened.status === 'succeeded' ? 'received' : 'offered',
    recharge: opened,
    wallet: wallet ?? begun.wallet,
  };
}

/** Claims the request id, does `effect` and keeps its answer, in one transaction. A refusal leaves nothing. */
async function once(
  deps: BillingDeps,
  ctx: CallContext,
  command: RechargeCommand,
  effect: (stores: BillingStores) => Promise<RechargeResult>,
): Promise<RechargeResult> {
  const scope = `recharge/${ctx.tenant.accountId}`;
  return deps.transact(async (stores) => {
    const [claim] = await stores.requests.claim<Answer>(scope, [{ requestId: command.requestId, body: command }]);
    invariant(claim !== undefined, 'one request, one claim');
    if (claim.kind === 'conflict') return refused('request_id_reused');
    if (claim.kind === 'replayed') {
      return { kind: claim.answer.recharge.status === 'succeeded' ? 'received' : 'offered', ...claim.answer };
    }
    const result = await effect(stores);
    if (result.kind === 'refused') throw new Refused(result.refusal.reason);
    const answer: Answer = { recharge: result.recharge, wallet: result.wallet };
    await stores.requests.remember(scope, [{ requestId: command.requestId, answer }]);
    return result;
  });
}

/** Undoes the transaction of a command that turned out to be refused. */
class Refused extends Error {
  override name = 'Refused';
  readonly reason: RechargeRefusalReason;
  constructor(reason: RechargeRefusalReason) {
    super(reason);
    this.reason = reason;
  }
}

type Batch = Awaited<ReturnType<typeof lockBatch>>;

async function lockWallet(deps: BillingDeps, stores: BillingStores, { tenant }: CallContext): Promise<Batch> {
  await openWallet(deps, stores, tenant.accountId);
  return lockBatch(deps, stores, { accountIds: [tenant.accountId], holdIds: [] });
}

function newRecharge(
  batch: Batch,
  ctx: CallContext,
  command: RechargeCommand,
  { offerMs }: { offerMs: number },
): Recharge {
  const { channel, amountMicros, currency } = command;
  const walletId = walletOf(batch, ctx).id;
  return openRecharge({ walletId, tenant: ctx.tenant, channel, amountMicros, currency, offerMs }, batch);
}

function walletOf(batch: Batch, { tenant }: CallContext): Wallet {
  const wallet = batch.walletOf(tenant.accountId);
  invariant(wallet !== undefined, `account ${tenant.accountId} has a wallet`);
  return wallet;
}

function refused(reason: RechargeRefusalReason): { kind: 'refused'; refusal: RechargeRefusal } {
  return { kind: 'refused', refusal: { reason } };
}
