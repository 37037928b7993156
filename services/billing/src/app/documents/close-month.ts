import { invariant } from '@suanli/kernel';
import {
  type Day,
  endOfMonth,
  HOUR_MS,
  type Month,
  monthAfter,
  monthOf,
  dayOf,
  startOfMonth,
} from '../../domain/calendar/calendar.ts';
import { addsUp } from '../../domain/document/statement.ts';
import type { BillingDeps, BillingStores } from '../ports.ts';
import { lockBatch, writeBatch } from '../write-batch.ts';
import { openStatement } from './get-statement.ts';
import { issueOver } from './issue-documents.ts';

/** How long after its end a month is closed: usage of its last hours comes in meanwhile. What is later is a late line. */
export const CLOSES_AFTER_MS = 24 * HOUR_MS;

/**
 * Closes the oldest month that has ended, some accounts at a time: statement, invoice and credit notes of an account are
 * one transaction, and the statement says that it is done, so several replicas or a second run do no harm. Returns how
 * many were closed; 0 when nothing is due.
 */
export async function closeMonths(deps: BillingDeps, limit: number): Promise<number> {
  const due = await deps.transact(async (stores) => {
    const month = await monthToClose(deps, stores);
    if (month === undefined) return undefined;
    return { month, accountIds: await stores.documents.accountsToClose(month, endOfMonth(month), limit) };
  });
  if (due === undefined) return 0;
  const { month, accountIds } = due;
  for (const accountId of accountIds) await deps.transact((stores) => closeAccount(deps, stores, accountId, month));
  if (accountIds.length < limit) {
    await deps.transact((stores) => stores.documents.markClosed(month, deps.clock.now()));
  }
  return Math.max(1, accountIds.length);
}

/** Months are closed in order. Before the first one there is nothing: then it is the latest that has ended. */
async function monthToClose(deps: BillingDeps, stores: BillingStores): Promise<Month | undefined> {
  const now = deps.clock.now();
  const last = await stores.documents.lastClosed();
  const month = last === undefined ? monthAfter(monthOf(now - CLOSES_AFTER_MS), -1) : monthAfter(last);
  return endOfMonth(month) + CLOSES_AFTER_MS <= now ? month : undefined;
}

async function closeAccount(deps: BillingDeps, stores: BillingStores, accountId: string, month: Month): Promise<void> {
  const batch = await lockBatch(deps, stores, { accountIds: [accountId], holdIds: [] });
  const wallet = batch.walletOf(accountId);
  if (wallet === undefined || (await stores.documents.statement(accountId, month)) !== undefined) return;
  const open = await openStatement(stores, wallet, month);
  invariant(addsUp(open), `the statement of ${accountId} for ${month} adds up`);
  const closedAt = batch.now;
  await stores.documents.insertStatement({ ...open, id: batch.newId('stm'), status: 'closed', closedAt });
  const days: { from: Day; to: Day } = { from: dayOf(startOfMonth(month)), to: dayOf(endOfMonth(month) - 1) };
  const { events } = await issueOver(stores, batch, { accountId, days, before: endOfMonth(month) });
  if (events.length > 0) await writeBatch(deps, stores, batch, events);
}
