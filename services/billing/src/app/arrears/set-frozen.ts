import type { Wallet } from '../../domain/ledger/wallet.ts';
import type { BillingDeps } from '../ports.ts';

/** Freezes an account, or thaws it, and tells so; undefined when it has no wallet. Idempotent by itself: told once. */
export function setFrozen(deps: BillingDeps, accountId: string, isFrozen: boolean): Promise<Wallet | undefined> {
  return deps.transact(async (stores) => {
    const [wallet] = await stores.wallets.lockInOrder([accountId]);
    if (wallet === undefined) return undefined;
    const status = isFrozen ? 'frozen' : 'active';
    const changed = { ...wallet, status } as const;
    if (wallet.status === status) return changed;
    await stores.standings.setStatus(accountId, status);
    const kind = isFrozen ? 'account_frozen' : 'account_unfrozen';
    await stores.events.append([{ kind, wallet: changed }], deps.clock.now());
    return changed;
  });
}
