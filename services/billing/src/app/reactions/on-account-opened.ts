import { openWallet } from '../wallet/open-wallet.ts';
import type { BillingDeps, BillingStores } from '../ports.ts';

/** A new account gets its wallet. */
export function onAccountOpened(deps: BillingDeps, stores: BillingStores, event: { accountId: string }): Promise<void> {
  return openWallet(deps, stores, event.accountId);
}
