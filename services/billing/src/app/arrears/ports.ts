import type { Instant } from '@suanli/kernel';
import type { Wallet } from '../../domain/ledger/wallet.ts';

/** An account stands otherwise than before: how, is on its wallet. */
export type AccountArrearsChanged = { kind: 'account_arrears_changed'; wallet: Wallet };

/** An operator froze the account of this wallet, or thawed it. */
export type AccountFrozenChanged = { kind: 'account_frozen' | 'account_unfrozen'; wallet: Wallet };

/** How accounts stand; kept with their wallets, changed under their locks. */
export interface StandingStore {
  save(wallets: readonly Wallet[]): Promise<void>;
  setStatus(accountId: string, status: Wallet['status']): Promise<void>;
  /** Accounts whose next step is due, the longest due first. Not locked. */
  due(now: Instant, limit: number): Promise<string[]>;
}
