import type { Instant } from '@suanli/kernel';
import type { Budget, BudgetCounter, BudgetState } from '../../domain/budget/budget.ts';
import type { Hold } from '../../domain/hold/hold.ts';
import type { Page, PageQuery } from '../read-ports.ts';

/** Budgets and their counters. Whoever writes one has the wallet of its account locked. */
export interface BudgetStore {
  /** The active budgets of these accounts, with the counters of the windows that `now` is in. */
  open(accountIds: readonly string[], now: Instant): Promise<BudgetState[]>;
  find(accountId: string, budgetId: string, now: Instant): Promise<BudgetState | undefined>;
  /** Active ones, newest first. */
  list(accountId: string, page: PageQuery, now: Instant): Promise<Page<BudgetState>>;
  insert(budget: Budget): Promise<void>;
  save(budgets: readonly Budget[]): Promise<void>;
  saveCounters(counters: readonly BudgetCounter[]): Promise<void>;
  /** Says on the wallet whether its account has budgets. */
  mark(accountId: string, hasBudgets: boolean): Promise<void>;
  /** Every unresolved hold of the account. */
  openHolds(accountId: string): Promise<Hold[]>;
}
