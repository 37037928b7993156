import { decideExpire } from '../../domain/hold/decide-hold.ts';
import type { BillingDeps, BillingStores } from '../ports.ts';
import { lockBatch, writeBatch } from '../write-batch.ts';

/**
 * Gives back the remainders of holds whose time has passed, oldest first; returns how many ended. Decided again under
 * the wallets' locks, so an extension or a last charge that came first wins.
 */
export async function expireHolds(deps: BillingDeps, stores: BillingStores, limit: number): Promise<number> {
  const due = await stores.holds.findDue(deps.clock.now(), limit);
  if (due.length === 0) return 0;
  const batch = await lockBatch(deps, stores, { accountIds: [], holdIds: due.map((hold) => hold.id) });
  for (const { id } of due) {
    const hold = batch.hold(id);
    const decision = hold && decideExpire(hold, batch);
    if (decision?.kind === 'changed') batch.apply(decision);
  }
  await writeBatch(deps, stores, batch);
  return batch.endedHolds().length;
}
