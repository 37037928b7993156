import {
  aborted,
  alreadyExists,
  failedPrecondition,
  type GrpcRefusal,
  invalidArgument,
  notFound,
} from '@suanli/grpc-kit';
import { type BudgetCommandRefusal, MAX_BUDGETS } from '../../domain/budget/decide-budget.ts';

/** Refusals of commands on budgets, as status codes. */
export function budgetRefusal(reason: BudgetCommandRefusal): GrpcRefusal {
  switch (reason) {
    case 'amount_out_of_range':
      return invalidArgument(reason, 'a limit must be positive and at most 1,000,000,000 yuan');
    case 'budget_changed':
      return aborted(reason, 'the budget was changed meanwhile');
    case 'budget_limits_missing':
      return invalidArgument(reason, 'a budget needs a limit for a day, a week, a month or in total');
    case 'budget_name_invalid':
      return invalidArgument(reason, 'a name of 1 to 100 characters is needed');
    case 'budget_not_found':
      return notFound(reason, 'no such budget');
    case 'budget_scope_invalid':
      return invalidArgument(reason, 'a scope is account, or one of the other kinds with an id');
    case 'budget_thresholds_invalid':
      return invalidArgument(reason, 'at most 10 thresholds, ascending, from 1 to 1000 percent');
    case 'budget_zone_unknown':
      return invalidArgument(reason, 'a zone is Asia/Shanghai, UTC or a fixed offset such as +05:30');
    case 'too_many_budgets':
      return failedPrecondition(reason, `an account has at most ${MAX_BUDGETS} budgets`);
    case 'request_id_reused':
      return alreadyExists(reason, 'this request id was used with another body');
  }
}
