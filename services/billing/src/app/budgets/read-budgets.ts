import type { CallContext } from '@suanli/kernel';
import type { BudgetState } from '../../domain/budget/budget.ts';
import type { BillingDeps } from '../ports.ts';
import type { Page, PageQuery } from '../read-ports.ts';

export function getBudget(deps: BillingDeps, ctx: CallContext, budgetId: string): Promise<BudgetState | undefined> {
  const { accountId } = ctx.tenant;
  return deps.transact((stores) => stores.budgets.find(accountId, budgetId, deps.clock.now()));
}

/** Active budgets of the calling account, newest first. */
export function listBudgets(deps: BillingDeps, ctx: CallContext, page: PageQuery): Promise<Page<BudgetState>> {
  const { accountId } = ctx.tenant;
  return deps.transact((stores) => stores.budgets.list(accountId, page, deps.clock.now()));
}
