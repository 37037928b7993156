import { CURRENCY, type Instant } from '@suanli/kernel';
import { GOOD_STANDING } from '../../domain/arrears/standing.ts';
import type { Wallet } from '../../domain/ledger/wallet.ts';
import type { BillingDeps, BillingStores } from '../ports.ts';

/** Gives the account a wallet unless it has one: the event of its opening and its first call may come in any order. */
export async function openWallet(deps: BillingDeps, stores: BillingStores, accountId: string): Promise<void> {
  await stores.wallets.open(newWallet(deps.ids.next('wlt'), accountId, deps.clock.now()));
}

function newWallet(id: string, accountId: string, now: Instant): Wallet {
  return {
    id,
    accountId,
    currency: CURRENCY,
    postedMicros: 0n,
    pendingMicros: 0n,
    lotRemainingMicros: 0n,
    lotReservedMicros: 0n,
    lotCount: 0,
    overdraftMicros: 0n,
    status: 'active',
    level: 'exhausted',
    standing: GOOD_STANDING,
    hasBudgets: false,
    hasDebt: false,
    sequence: 0n,
    createdAt: now,
  };
}
