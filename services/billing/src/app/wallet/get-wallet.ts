import { type CallContext, invariant } from '@suanli/kernel';
import type { Wallet } from '../../domain/ledger/wallet.ts';
import { openWallet } from './open-wallet.ts';
import type { BillingDeps } from '../ports.ts';

/** The wallet of the calling account; opened now when its account is so new that nobody has opened it yet. */
export async function getWallet(deps: BillingDeps, ctx: CallContext): Promise<Wallet> {
  const { accountId } = ctx.tenant;
  const known = await deps.reads.wallet(accountId);
  if (known !== undefined) return known;
  await deps.transact((stores) => openWallet(deps, stores, accountId));
  const opened = await deps.reads.wallet(accountId);
  invariant(opened !== undefined, `account ${accountId} has a wallet once one was opened`);
  return opened;
}
