import { endOfMonth, type Month, monthAfter, startOfMonth } from '../../domain/calendar/calendar.ts';
import { type Statement, statementOf } from '../../domain/document/statement.ts';
import type { Wallet } from '../../domain/ledger/wallet.ts';
import type { BillingDeps, BillingStores } from '../ports.ts';

/** The statement of a month: as it was closed, or as it stands while the month is open. */
export async function getStatement(deps: BillingDeps, accountId: string, month: Month): Promise<Statement | undefined> {
  const wallet = await deps.reads.wallet(accountId);
  if (wallet === undefined || startOfMonth(month) > deps.clock.now()) return undefined;
  return deps.transact(async (stores) => {
    const closed = await stores.documents.statement(accountId, month);
    return closed ?? openStatement(stores, wallet, month);
  });
}

/** Goes on where the month before was closed, so that no entry falls between two statements. */
export async function openStatement(stores: BillingStores, wallet: Wallet, month: Month): Promise<Statement> {
  const { accountId, id: walletId } = wallet;
  const before = await stores.documents.statement(accountId, monthAfter(month, -1));
  const times = { from: startOfMonth(month), to: endOfMonth(month) };
  const range = await stores.documents.statementRange(walletId, times, before?.toSequence);
  const movements = await stores.documents.statementMovements(walletId, range);
  return statementOf({ accountId, walletId, month }, range, movements);
}
