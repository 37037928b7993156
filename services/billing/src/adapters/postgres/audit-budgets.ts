import { sql } from 'drizzle-orm';
import type { AuditCheck } from './audit-checks.ts';

/** Whether a hold may be charged to a budget: `counts` of `domain/budget/budget.ts` says other than no. */
const mayCount = sql`
  holds.account_id = budgets.account_id and case budgets.scope_kind
    when 'account' then true
    when 'sub_account' then holds.sub_account_id = budgets.scope_id
    when 'workspace' then holds.workspace_id = budgets.scope_id
    when 'key' then holds.principal_id in ('', budgets.scope_id)
    when 'item' then holds.scope_item in ('', budgets.scope_id)
    else holds.scope_product = budgets.scope_id
  end`;

export const budgetChecks: AuditCheck[] = [
  {
    name: 'budgetsReserveWhatTheirHoldsHave',
    broken: sql`
      select abs(reserved_micros - remaining) as drift from (
        select budgets.reserved_micros, coalesce((
          select sum(amount_micros - captured_micros - released_micros) from holds
          where resolved_at is null and ${mayCount}), 0) as remaining
        from budgets where status = 'active') reserved
      where reserved_micros <> remaining`,
  },
  {
    name: 'walletsKnowWhetherTheyHaveBudgets',
    broken: sql`
      select 0 as drift from wallets
      where has_budgets <> exists (
        select from budgets where budgets.account_id = wallets.account_id and budgets.status = 'active')`,
  },
  {
    name: 'standingsHaveTheirTimes',
    broken: sql`
      select 0 as drift from wallets
      where (standing_state in ('warned', 'grace', 'suspended')) <> (standing_next_at is not null)
        or (standing_version = 0) <> (standing_since is null)`,
  },
];
