import type { CallContext } from '@suanli/kernel';
import { decideDelete } from '../../domain/budget/decide-budget.ts';
import type { BillingDeps } from '../ports.ts';
import { type BudgetOutcome, commandBudget } from './budget-command.ts';

export type DeleteBudget = { requestId: string; budgetId: string; ifVersion?: bigint };

export function deleteBudget(deps: BillingDeps, ctx: CallContext, command: DeleteBudget): Promise<BudgetOutcome> {
  const { accountId } = ctx.tenant;
  const { requestId, budgetId, ifVersion } = command;
  return commandBudget(deps, { accountId, requestId, body: { delete: budgetId, ifVersion } }, async (desk) => {
    const known = await desk.stores.budgets.find(accountId, budgetId, desk.now);
    if (known === undefined) return { kind: 'refused', reason: 'budget_not_found' };
    return decideDelete(known.budget, ifVersion, desk.now);
  });
}
