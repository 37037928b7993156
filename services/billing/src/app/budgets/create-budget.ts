import type { CallContext } from '@suanli/kernel';
import { type Budget, type BudgetScope, counts } from '../../domain/budget/budget.ts';
import { decideCreate, type NewBudget } from '../../domain/budget/decide-budget.ts';
import { remainingMicros } from '../../domain/hold/hold.ts';
import type { BillingDeps } from '../ports.ts';
import { type BudgetDesk, type BudgetOutcome, commandBudget } from './budget-command.ts';

export type CreateBudget = Omit<NewBudget, 'accountId'> & { requestId: string };

/** Makes a budget of the calling account. It counts charges from now on, and what open holds may still charge. */
export function createBudget(deps: BillingDeps, ctx: CallContext, command: CreateBudget): Promise<BudgetOutcome> {
  const { accountId } = ctx.tenant;
  const { requestId, ...wanted } = command;
  return commandBudget(deps, { accountId, requestId, body: { create: wanted } }, async (desk) =>
    decideCreate(
      { ...wanted, accountId },
      {
        now: desk.now,
        newId: deps.ids.next,
        budgetCount: (await desk.stores.budgets.open([accountId], desk.now)).length,
        reservedMicros: await reservedIn(desk, wanted.scope),
      },
    ),
  );
}

async function reservedIn({ stores, wallet }: BudgetDesk, scope: BudgetScope): Promise<Budget['reservedMicros']> {
  const holds = await stores.budgets.openHolds(wallet.accountId);
  return holds.filter((hold) => counts(scope, hold) !== 'no').reduce((sum, hold) => sum + remainingMicros(hold), 0n);
}
