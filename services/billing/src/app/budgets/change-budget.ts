import type { CallContext } from '@suanli/kernel';
import { type BudgetTerms, decideChange } from '../../domain/budget/decide-budget.ts';
import type { BillingDeps } from '../ports.ts';
import { type BudgetOutcome, commandBudget } from './budget-command.ts';

export type ChangeBudget = Partial<BudgetTerms> & { requestId: string; budgetId: string; ifVersion?: bigint };

/** Changes name, limits, hardness or thresholds; what a window has counted stays. */
export function changeBudget(deps: BillingDeps, ctx: CallContext, command: ChangeBudget): Promise<BudgetOutcome> {
  const { accountId } = ctx.tenant;
  const { requestId, budgetId, ...changes } = command;
  return commandBudget(deps, { accountId, requestId, body: { change: { budgetId, ...changes } } }, async (desk) => {
    const known = await desk.stores.budgets.find(accountId, budgetId, desk.now);
    if (known === undefined) return { kind: 'refused', reason: 'budget_not_found' };
    return decideChange(known.budget, known.counters, changes, desk.now);
  });
}
