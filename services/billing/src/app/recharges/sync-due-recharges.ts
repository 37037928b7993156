import type { Logger } from '@suanli/kernel';
import { nextCheckOf } from '../../domain/recharge/next-check.ts';
import type { Recharge } from '../../domain/recharge/recharge.ts';
import type { BillingDeps } from '../ports.ts';
import { lockBatch } from '../write-batch.ts';
import { syncRecharge } from './sync-recharge.ts';

/**
 * Asks the providers about recharges whose time to be asked has come, longest due first; returns how many there were.
 * A provider that does not answer is asked again later, and holds up nobody else.
 */
export async function syncDueRecharges(deps: BillingDeps, logger: Logger, limit: number): Promise<number> {
  const due = await deps.reads.dueRecharges(deps.clock.now(), limit);
  for (const recharge of due) {
    try {
      await syncRecharge(deps, recharge.id);
    } catch (error) {
      logger.warn({ rechargeId: recharge.id, channel: recharge.channel, err: error }, 'provider did not answer');
      await postpone(deps, recharge);
    }
  }
  return due.length;
}

async function postpone(deps: BillingDeps, { id, channel, tenant }: Recharge): Promise<void> {
  const canBeAsked = (() => {
    const found = deps.channels.get(channel);
    return found?.kind === 'waiting' && found.canBeAsked;
  })();
  await deps.transact(async (stores) => {
    await lockBatch(deps, stores, { accountIds: [tenant.accountId], holdIds: [] });
    const current = await stores.recharges.get(id);
    if (current === undefined) return;
    const { nextCheckAt: _before, ...rest } = { ...current, checkCount: current.checkCount + 1 };
    const nextCheckAt = nextCheckOf(rest, canBeAsked, deps.clock.now());
    await stores.recharges.save({ ...rest, ...(nextCheckAt !== undefined && { nextCheckAt }) });
  });
}
