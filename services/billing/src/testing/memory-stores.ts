import { invariant } from '@suanli/kernel';
import type { BillingStores, Claim, RequestStore } from '../app/ports.ts';
import { legsOf, type Transfer } from '../domain/ledger/transfer.ts';
import { withTransfer } from '../domain/ledger/wallet.ts';
import { memoryBudgets, memoryStandings } from './memory-budgets.ts';
import { memoryRecharges } from './memory-recharges.ts';
import { memoryLots, memoryVouchers, moveLots } from './memory-credit.ts';
import { memoryRating } from './memory-rating.ts';
import { memoryCommerce } from './memory-commerce.ts';
import { memoryDocuments } from './memory-documents.ts';
import type { MemoryState } from './memory-state.ts';

/** The stores on plain values, for tests of what the use cases decide. */
export function memoryStores(state: MemoryState): BillingStores {
  return {
    wallets: {
      async open(wallet) {
        if ([...state.wallets.values()].some((one) => one.accountId === wallet.accountId)) return;
        state.wallets.set(wallet.id, wallet);
        state.accounts.add(wallet.id);
      },
      lockInOrder: async (accountIds, walletIds = []) =>
        [...state.wallets.values()]
          .filter((wallet) => accountIds.includes(wallet.accountId) || walletIds.includes(wallet.id))
          .sort((a, b) => (a.id < b.id ? -1 : 1)),
      async saveLevels(changed) {
        for (const { id, level } of changed) state.wallets.set(id, { ...known(state.wallets, id), level });
      },
    },
    ledger: {
      async book(transfers) {
        for (const transfer of transfers) book(state, transfer);
      },
      find: async (ids) =>
        state.transfers.filter(
          ({ id, reversalOf }) => ids.includes(id) || (reversalOf !== undefined && ids.includes(reversalOf)),
        ),
      knownAccounts: async (ids) => ids.filter((id) => state.accounts.has(id)),
      async openPlatformAccount(accountId) {
        state.accounts.add(accountId);
      },
    },
    holds: {
      find: async (ids) => [...new Set(ids)].flatMap((id) => state.holds.get(id) ?? []),
      async save(holds) {
        for (const hold of holds) state.holds.set(hold.id, hold);
      },
      findDue: async (now, limit) =>
        [...state.holds.values()]
          .filter((hold) => hold.resolvedAt === undefined && hold.releaseAt <= now)
          .sort((a, b) => a.releaseAt - b.releaseAt)
          .slice(0, limit),
    },
    requests: memoryRequests(state),
    lots: memoryLots(state),
    vouchers: memoryVouchers(state),
    ...memoryCommerce(state),
    ...memoryDocuments(state),
    ...memoryRecharges(state),
    budgets: memoryBudgets(state),
    standings: memoryStandings(state),
    ...memoryRating(state),
    events: {
      async append(events) {
        state.events.push(...events);
      },
    },
  };
}

/** What a unique index says of a second row. */
export class KeyTaken extends Error {
  override name = 'KeyTaken';
}

function book(state: MemoryState, transfer: Transfer): void {
  if (state.transfers.some(({ id }) => id === transfer.id)) throw new KeyTaken(transfer.id);
  for (const leg of legsOf(transfer)) {
    invariant(state.accounts.has(leg.accountId), `account ${leg.accountId} exists`);
    const before = state.wallets.get(leg.accountId);
    if (before === undefined) continue;
    const after = withTransfer(before, transfer);
    state.wallets.set(after.id, after);
    const { accountId, postedMicros } = leg;
    state.entries.push({
      transfer,
      accountId,
      sequence: after.sequence,
      postedMicros,
      afterMicros: after.postedMicros,
    });
  }
  moveLots(state, transfer);
  state.transfers.push(transfer);
}

function memoryRequests(state: MemoryState): RequestStore {
  const keyOf = (scope: string, requestId: string) => `${scope}\n${requestId}`;
  return {
    async claim<A>(scope: string, asked: readonly { requestId: string; body: unknown }[]): Promise<Claim<A>[]> {
      const mine = new Set<string>();
      return asked.map(({ requestId, body }): Claim<A> => {
        const key = keyOf(scope, requestId);
        const before = state.requests.get(key);
        const text = canonical(body);
        if (before === undefined) {
          state.requests.set(key, { body: text, answer: undefined });
          mine.add(key);
          return { kind: 'new' };
        }
        if (before.body !== text) return { kind: 'conflict' };
        return mine.has(key) ? { kind: 'repeated' } : { kind: 'replayed', answer: before.answer as A };
      });
    },
    async remember(scope, answers) {
      for (const { requestId, answer } of answers) known(state.requests, keyOf(scope, requestId)).answer = answer;
    },
    async forget(scope, requestIds) {
      for (const requestId of requestIds) state.requests.delete(keyOf(scope, requestId));
    },
  };
}

function known<Value>(map: Map<string, Value>, key: string): Value {
  const value = map.get(key);
  invariant(value !== undefined, `${key} is there`);
  return value;
}

function canonical(body: unknown): string {
  return JSON.stringify(body, (_key, one: unknown) => (typeof one === 'bigint' ? one.toString() : one));
}
