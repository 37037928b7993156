import { decideNextStep } from '../../domain/arrears/standing.ts';
import type { BillingDeps, BillingStores } from '../ports.ts';

/**
 * Takes accounts whose time has passed one step down; returns how many were looked at. Decided again under the wallets'
 * locks, so money that came first wins.
 */
export async function advanceStandings(deps: BillingDeps, stores: BillingStores, limit: number): Promise<number> {
  const now = deps.clock.now();
  const due = await stores.standings.due(now, limit);
  if (due.length === 0) return 0;
  const wallets = await stores.wallets.lockInOrder(due);
  const moved = wallets.flatMap((wallet) => {
    const standing = decideNextStep(wallet.standing, deps.policy.arrears, now);
    return standing === undefined ? [] : [{ ...wallet, standing }];
  });
  if (moved.length === 0) return due.length;
  await stores.standings.save(moved);
  await stores.events.append(
    moved.map((wallet) => ({ kind: 'account_arrears_changed' as const, wallet })),
    now,
  );
  return due.length;
}
