import { publicHandler, refuse, type TokenVerifier, unary } from '@suanli/grpc-kit';
import {
  type Budget as BudgetMessage,
  type BudgetLimit,
  BudgetServiceService,
  type BudgetServiceServer,
} from '@suanli/proto/suanli/billing/v1/budget.ts';
import type { BudgetOutcome } from '../../app/budgets/budget-command.ts';
import { changeBudget } from '../../app/budgets/change-budget.ts';
import { createBudget } from '../../app/budgets/create-budget.ts';
import { deleteBudget } from '../../app/budgets/delete-budget.ts';
import { getBudget, listBudgets } from '../../app/budgets/read-budgets.ts';
import type { BillingDeps } from '../../app/ports.ts';
import type { Budget, BudgetScope, BudgetState } from '../../domain/budget/budget.ts';
import { limitsOf } from '../../domain/budget/budget-book.ts';
import { emptyCounter } from '../../domain/budget/budget-window.ts';
import { DEFAULT_THRESHOLDS } from '../../domain/budget/decide-budget.ts';
import { SHANGHAI } from '../../domain/calendar/calendar.ts';
import { pageInfo, readPage } from './page.ts';
import { budgetRefusal } from './guard-refusals.ts';
import { requireField, requireRequestId } from './require.ts';

const TENANTS = ['owner', 'admin', 'developer', 'viewer'] as const;

/** Budgets of the calling account. */
export function budgetService(deps: BillingDeps, verifier: TokenVerifier) {
  const read = publicHandler(verifier, { scope: 'billing:read', roles: TENANTS });
  const write = publicHandler(verifier, { scope: 'billing:write', roles: TENANTS });
  const answer = (outcome: BudgetOutcome) =>
    outcome.kind === 'refused'
      ? refuse(budgetRefusal(outcome.reason))
      : { budget: budgetMessage(outcome.state, deps.clock.now()) };
  const implementation: BudgetServiceServer = {
    createBudget: unary(write, async (ctx, request) => {
      const { name, isHard, thresholds } = request;
      const scope = requireField('scope', request.scope);
      return answer(
        await createBudget(deps, ctx, {
          requestId: requireRequestId(request.requestId),
          name,
          scope: scope as BudgetScope,
          limits: readLimits(request.limits),
          zone: request.zone === '' ? SHANGHAI.name : request.zone,
          isHard,
          thresholds: thresholds.length === 0 ? DEFAULT_THRESHOLDS : thresholds,
        }),
      );
    }),
    getBudget: unary(read, async (ctx, { budgetId }) => {
      const state = await getBudget(deps, ctx, budgetId);
      if (state === undefined || state.budget.status === 'deleted') return refuse(budgetRefusal('budget_not_found'));
      return { budget: budgetMessage(state, deps.clock.now()) };
    }),
    listBudgets: unary(read, async (ctx, { page: asked }) => {
      const page = await listBudgets(deps, ctx, readPage('budgets', asked));
      const now = deps.clock.now();
      return { budgets: page.rows.map((state) => budgetMessage(state, now)), page: pageInfo('budgets', page) };
    }),
    changeBudget: unary(write, async (ctx, request) => {
      const { budgetId, ifVersion, name, limits, isHard, thresholds } = request;
      return answer(
        await changeBudget(deps, ctx, {
          requestId: requireRequestId(request.requestId),
          budgetId,
          ...(ifVersion !== 0n && { ifVersion }),
          ...(name !== undefined && { name }),
          ...(limits.length > 0 && { limits: readLimits(limits) }),
          ...(isHard !== undefined && { isHard }),
          ...(thresholds.length > 0 && { thresholds }),
        }),
      );
    }),
    deleteBudget: unary(write, async (ctx, { requestId, budgetId, ifVersion }) =>
      answer(
        await deleteBudget(deps, ctx, {
          requestId: requireRequestId(requestId),
          budgetId,
          ...(ifVersion !== 0n && { ifVersion }),
        }),
      ),
    ),
  };
  return { definition: BudgetServiceService, implementation };
}

function readLimits(limits: readonly BudgetLimit[]): Budget['limits'] {
  return Object.fromEntries(limits.map(({ window, limitMicros }) => [window, limitMicros]));
}

function budgetMessage({ budget, counters }: BudgetState, now: number): BudgetMessage {
  const { reservedMicros, thresholds } = budget;
  return {
    budgetId: budget.id,
    accountId: budget.accountId,
    name: budget.name,
    scope: budget.scope,
    zone: budget.zone,
    isHard: budget.isHard,
    thresholds: [...thresholds],
    reservedMicros,
    windows: limitsOf(budget).map(([window, limitMicros]) => {
      const known = counters.find((one) => one.window === window && (one.endsAt === undefined || now < one.endsAt));
      const { startsAt, endsAt, spentMicros, toldPercents } =
        known ?? emptyCounter(budget.id, window, budget.zone, now);
      const roomMicros = limitMicros - spentMicros - reservedMicros;
      return {
        window,
        limitMicros,
        spentMicros,
        remainingMicros: roomMicros > 0n ? roomMicros : 0n,
        startsAt: endsAt === undefined ? undefined : new Date(startsAt),
        resetsAt: endsAt === undefined ? undefined : new Date(endsAt),
        toldPercents: [...toldPercents],
      };
    }),
    version: budget.version,
    createdAt: new Date(budget.createdAt),
    updatedAt: new Date(budget.updatedAt),
  };
}
