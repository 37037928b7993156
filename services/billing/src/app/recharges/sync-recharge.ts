import { invariant } from '@suanli/kernel';
import { nextCheckOf } from '../../domain/recharge/next-check.ts';
import type { Recharge } from '../../domain/recharge/recharge.ts';
import { type Mismatch, reconcile, type Standing } from '../../domain/recharge/standing.ts';
import type { BillingDeps, BillingStores } from '../ports.ts';
import { lockBatch, writeBatch } from '../write-batch.ts';
import { bookMovements } from './book-movements.ts';
import { openOffer } from './open-offer.ts';
import type { WaitingChannel } from './ports.ts';

/**
 * Brings one recharge in line with what its provider says now. Webhooks and the loop both end here, so news may be
 * lost, doubled or out of order. `providerId` is what a webhook knows before our own call has returned.
 */
export async function syncRecharge(
  deps: BillingDeps,
  rechargeId: string,
  providerId = '',
): Promise<Recharge | undefined> {
  const before = await deps.reads.recharge(rechargeId);
  const channel = before && deps.channels.get(before.channel);
  if (before === undefined || channel === undefined || channel.kind === 'instant') return before;
  const named = before.providerId === '' ? { ...before, providerId } : before;
  const hasEnded = deps.clock.now() >= before.expiresAt;
  if (named.providerId === '') return openOffer(deps, channel, rechargeId);
  const standing = await channel.inspect(named, { hasEnded });
  return deps.transact((stores) => record(deps, stores, channel, rechargeId, standing));
}

async function record(
  deps: BillingDeps,
  stores: BillingStores,
  channel: WaitingChannel,
  rechargeId: string,
  standing: Standing,
): Promise<Recharge> {
  const unlocked = await stores.recharges.get(rechargeId);
  invariant(unlocked !== undefined, `recharge ${rechargeId} is there`);
  const batch = await lockBatch(deps, stores, { accountIds: [unlocked.tenant.accountId], holdIds: [] });
  const before = (await stores.recharges.get(rechargeId)) ?? unlocked;
  const named = { ...before, providerId: standing.providerId };
  const { movements, mismatch } = reconcile(named, await stores.recharges.bookedSerials(rechargeId), standing);
  const booked = await bookMovements(stores, batch, named, movements);
  const isParked = mismatch !== undefined || booked.kind === 'refused';
  const parked = mismatch ?? fullWallet(standing, booked.kind);
  if (parked !== undefined) await park(deps, stores, named, parked);
  const settled = settle(booked.recharge, standing, parked?.reason, batch.now);
  const counted = { ...settled, checkCount: before.checkCount + 1, version: before.version + 1n };
  const { nextCheckAt: _before, ...rest } = counted;
  const nextCheckAt = isParked ? undefined : nextCheckOf(counted, channel.canBeAsked, batch.now);
  const after = { ...rest, ...(nextCheckAt !== undefined && { nextCheckAt }) };
  await stores.recharges.save(after);
  await writeBatch(deps, stores, batch);
  return after;
}

type Parked = Omit<Mismatch, 'reason'> & { reason: Mismatch['reason'] | 'wallet_full' };

function fullWallet({ payment }: Standing, kind: 'booked' | 'refused'): Parked | undefined {
  if (kind === 'booked' || payment.kind !== 'paid') return undefined;
  const { serialNumber, amountMicros, currency } = payment;
  return { reason: 'wallet_full', serialNumber, amountMicros, currency };
}

/** What cannot be booked as it is waits for an operator; told once, however often it is seen. */
async function park(deps: BillingDeps, stores: BillingStores, recharge: Recharge, parked: Parked): Promise<void> {
  const now = deps.clock.now();
  await stores.incomingPayments.claim({
    id: deps.ids.next('pay'),
    channel: recharge.channel,
    ...parked,
    payer: '',
    note: recharge.reference,
    bookedAt: now,
    state: 'unmatched',
    rechargeId: recharge.id,
    createdAt: now,
    updatedAt: now,
  });
}

/** Ends the offer when the provider has; money that was received stays received. */
function settle(recharge: Recharge, { payment }: Standing, parkedFor: string | undefined, now: number): Recharge {
  const updatedAt = Math.max(recharge.updatedAt, now);
  if (recharge.status === 'succeeded') return recharge;
  if (parkedFor !== undefined) return { ...recharge, status: 'pending', reason: parkedFor, updatedAt };
  if (payment.kind === 'withdrawn') return { ...recharge, status: 'expired', updatedAt };
  if (payment.kind === 'failed') return { ...recharge, status: 'failed', reason: payment.reason, updatedAt };
  return recharge.status === 'created' ? { ...recharge, status: 'pending', updatedAt } : recharge;
}
