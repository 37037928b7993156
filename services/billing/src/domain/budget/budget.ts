import type { Instant, Micros, TenantPath } from '@suanli/kernel';
import type { SpendScope } from '../lot/spend-scope.ts';

export const BUDGET_WINDOWS = ['day', 'week', 'month', 'total'] as const;
/** `week` begins on Monday; `total` never ends. */
export type BudgetWindow = (typeof BUDGET_WINDOWS)[number];

export const BUDGET_SCOPE_KINDS = ['account', 'sub_account', 'workspace', 'key', 'item', 'product'] as const;
/** What a budget watches. `key` is an API key, `item` a model or SKU, `product` what kind of thing is bought. */
export type BudgetScope = { kind: (typeof BUDGET_SCOPE_KINDS)[number] /** Empty for `account`. */; id: string };

/** At most so much in each of its windows. Windows of one budget count the same money, each with its own limit. */
export type Budget = {
  id: string;
  accountId: string;
  name: string;
  scope: BudgetScope;
  limits: Readonly<Partial<Record<BudgetWindow, Micros>>>;
  /** Zone of fixed offset in which days, weeks and months begin. Never changes: counters would split. */
  zone: string;
  /** Hard: holds that would pass a limit are refused. Soft: only told. */
  isHard: boolean;
  /** In percent of a limit, ascending; crossing one is told once a window. */
  thresholds: readonly number[];
  /** What unresolved holds that (may) count here have left: the sum of them, at every commit. */
  reservedMicros: Micros;
  status: 'active' | 'deleted';
  /** Grows when somebody changes the budget; not when money moves. */
  version: bigint;
  createdAt: Instant;
  updatedAt: Instant;
};

/** What one window of a budget has seen charged. Begins with the first charge of its window. */
export type BudgetCounter = {
  budgetId: string;
  window: BudgetWindow;
  startsAt: Instant;
  /** Absent for `total`. */
  endsAt?: Instant;
  /** Charged, less what was paid back in the same window: below zero when more came back. */
  spentMicros: Micros;
  /** Thresholds that were told. */
  toldPercents: readonly number[];
};

/** A budget with the counters of the windows that are open now; a window without a charge has none. */
export type BudgetState = { budget: Budget; counters: readonly BudgetCounter[] };

/** Who spends, on what. An empty principal or item: any, because several share the money. */
export type Spender = { tenant: TenantPath; scope: SpendScope };

/** What a hold must name to be told apart by the budgets of its account. */
export type SpendDimension = 'key' | 'item';

/** Whether money spent by `spender` counts in `scope`; `maybe`: the spender does not say. */
export function counts(scope: BudgetScope, { tenant, scope: on }: Spender): 'yes' | 'no' | 'maybe' {
  switch (scope.kind) {
    case 'account':
      return 'yes';
    case 'sub_account':
      return same(scope.id, tenant.subAccountId ?? '');
    case 'workspace':
      return same(scope.id, tenant.workspaceId);
    case 'key':
      return tenant.principalId === '' ? 'maybe' : same(scope.id, tenant.principalId);
    case 'item':
      return on.item === '' ? 'maybe' : same(scope.id, on.item);
    case 'product':
      return same(scope.id, on.product);
  }
}

function same(wanted: string, given: string): 'yes' | 'no' {
  return wanted === given ? 'yes' : 'no';
}

/** What was charged, or less than nothing: paid back. */
export type Spend = {
  spender: Spender;
  amountMicros: Micros;
  /** What the platform bore because no money covered it. */
  unpaidMicros?: Micros;
};
