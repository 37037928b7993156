import type { Instant } from '@suanli/kernel';
import type { StandingStore } from '../app/arrears/ports.ts';
import type { BudgetStore } from '../app/budgets/ports.ts';
import type { Budget, BudgetCounter, BudgetState } from '../domain/budget/budget.ts';
import type { Wallet } from '../domain/ledger/wallet.ts';
import type { MemoryState } from './memory-state.ts';

export function memoryBudgets(state: MemoryState): BudgetStore {
  const withCounters = (budget: Budget, now: Instant): BudgetState => ({
    budget,
    counters: [...state.budgetCounters.values()].filter(
      ({ budgetId, startsAt, endsAt }) =>
        budgetId === budget.id && startsAt <= now && (endsAt === undefined || now < endsAt),
    ),
  });
  const activeOf = (accountIds: readonly string[]) =>
    [...state.budgets.values()].filter((one) => accountIds.includes(one.accountId) && one.status === 'active');
  return {
    open: async (accountIds, now) => activeOf(accountIds).map((budget) => withCounters(budget, now)),
    async find(accountId, budgetId, now) {
      const budget = state.budgets.get(budgetId);
      return budget?.accountId === accountId ? withCounters(budget, now) : undefined;
    },
    async list(accountId, { limit, after }, now) {
      const found = activeOf([accountId])
        .filter(({ id }) => after === undefined || id < after)
        .sort((a, b) => (a.id < b.id ? 1 : -1));
      const rows = found.slice(0, limit).map((budget) => withCounters(budget, now));
      const nextKey = rows.at(-1)?.budget.id;
      const hasMore = found.length > limit;
      return { rows, hasMore, ...(hasMore && nextKey !== undefined && { nextKey }) };
    },
    async insert(budget) {
      state.budgets.set(budget.id, budget);
    },
    async save(changed) {
      for (const budget of changed) state.budgets.set(budget.id, budget);
    },
    async saveCounters(counters) {
      for (const counter of counters) state.budgetCounters.set(keyOf(counter), counter);
    },
    async mark(accountId, hasBudgets) {
      changeWallet(state, accountId, { hasBudgets });
    },
    openHolds: async (accountId) =>
      [...state.holds.values()].filter(
        ({ tenant, resolvedAt }) => tenant.accountId === accountId && resolvedAt === undefined,
      ),
  };
}

export function memoryStandings(state: MemoryState): StandingStore {
  return {
    async save(wallets) {
      for (const { accountId, standing } of wallets) changeWallet(state, accountId, { standing });
    },
    async setStatus(accountId, status) {
      changeWallet(state, accountId, { status });
    },
    due: async (now, limit) =>
      [...state.wallets.values()]
        .filter(({ standing }) => standing.nextAt !== undefined && standing.nextAt <= now)
        .sort((a, b) => (a.standing.nextAt ?? 0) - (b.standing.nextAt ?? 0))
        .slice(0, limit)
        .map(({ accountId }) => accountId),
  };
}

function changeWallet(state: MemoryState, accountId: string, change: Partial<Wallet>): void {
  for (const wallet of state.wallets.values()) {
    if (wallet.accountId === accountId) state.wallets.set(wallet.id, { ...wallet, ...change });
  }
}

function keyOf({ budgetId, window, startsAt }: BudgetCounter): string {
  return `${budgetId}/${window}/${startsAt}`;
}
