import { invariant } from '@suanli/kernel';
import { nextCheckOf } from '../../domain/recharge/next-check.ts';
import type { Recharge } from '../../domain/recharge/recharge.ts';
import type { BillingDeps } from '../ports.ts';
import { lockBatch } from '../write-batch.ts';
import type { Offer, WaitingChannel } from './ports.ts';

/**
 * Has the channel make its offer for a recharge that is ours alone so far, and keeps what it says. Harmless when it was
 * done before: the channel answers the same, and news that came first stays.
 */
export async function openOffer(deps: BillingDeps, channel: WaitingChannel, rechargeId: string): Promise<Recharge> {
  const known = await deps.reads.recharge(rechargeId);
  invariant(known !== undefined, `recharge ${rechargeId} was inserted before`);
  if (Object.keys(known.instructions).length > 0 || known.status === 'failed' || known.status === 'expired')
    return known;
  const offer = await channel.open(known);
  return deps.transact(async (stores) => {
    await lockBatch(deps, stores, { accountIds: [known.tenant.accountId], holdIds: [] });
    const now = deps.clock.now();
    const current = await stores.recharges.get(rechargeId);
    invariant(current !== undefined, `recharge ${rechargeId} is there`);
    const { nextCheckAt: before, ...offered } = withOffer(current, offer);
    const nextCheckAt = current.status === 'created' ? nextCheckOf(offered, channel.canBeAsked, now) : before;
    const opened = {
      ...offered,
      version: current.version + 1n,
      updatedAt: Math.max(current.updatedAt, now),
      ...(nextCheckAt !== undefined && { nextCheckAt }),
    };
    await stores.recharges.save(opened);
    return opened;
  });
}

function withOffer(recharge: Recharge, offer: Offer): Recharge {
  const isNew = recharge.status === 'created';
  if (offer.kind === 'failed') return isNew ? { ...recharge, status: 'failed', reason: offer.reason } : recharge;
  const { providerId, instructions } = offer;
  return { ...recharge, providerId, instructions, ...(isNew && { status: 'pending' as const }) };
}
