import type { Wallet } from '../../domain/ledger/wallet.ts';
import type { BillingDeps } from '../ports.ts';

/** Freezes an account, or thaws it; undefined when it has no wallet. Idempotent by itself. */
export function setFrozen(deps: BillingDeps, accountId: string, isFrozen: boolean): Promise<Wallet | undefined> {
  return deps.transact(async (stores) => {
    const [wallet] = await stores.wallets.lockInOrder([accountId]);
    if (wallet === undefined) return undefined;
    const status = isFrozen ? 'frozen' : 'active';
    if (wallet.status !== status) await stores.standings.setStatus(accountId, status);
    return { ...wallet, status };
  });
}
