import { stopLive } from '../../domain/attempt/settle.ts';
import { reason } from '../../domain/job/reason.ts';
import { commitChange } from '../commit-change.ts';
import type { Stores } from '../stores.ts';

/** The wallet has money again: what waits for it is tried in the next cycle. */
export async function onWalletRestored(stores: Stores, accountId: string): Promise<void> {
  await stores.workloads.wakeUnfunded(accountId, await stores.clusters.now());
}

/** A hold that is gone pays for nothing: whatever still runs on it stops. Nothing when the attempt has ended. */
export async function onHoldExpired(stores: Stores, holdId: string): Promise<void> {
  const live = await stores.attempts.lockByHold(holdId);
  if (live === undefined) return;
  const now = await stores.clusters.now();
  const after = stopLive(live, { cause: 'funds_exhausted', reason: reason('funds_exhausted', { hold: holdId }) }, now);
  if (after !== live) await commitChange(stores, { before: live, after, usage: [], isAttemptOver: false }, now);
}
