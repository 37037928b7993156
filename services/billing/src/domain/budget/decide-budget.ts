import type { Instant, Micros } from '@suanli/kernel';
import { parseZone } from '../calendar/calendar.ts';
import { MAX_AMOUNT_MICROS } from '../hold/hold.ts';
import { type Budget, BUDGET_SCOPE_KINDS, BUDGET_WINDOWS, type BudgetCounter, type BudgetScope } from './budget.ts';
import { limitsOf, passedThresholds, type ThresholdCrossing } from './budget-book.ts';

export type BudgetCommandRefusal =
  | 'amount_out_of_range'
  | 'budget_changed'
  | 'budget_limits_missing'
  | 'budget_name_invalid'
  | 'budget_not_found'
  | 'budget_scope_invalid'
  | 'budget_thresholds_invalid'
  | 'budget_zone_unknown'
  | 'too_many_budgets'
  | 'request_id_reused';

/** What a person may choose about a budget, now and later. */
export type BudgetTerms = Pick<Budget, 'name' | 'limits' | 'isHard' | 'thresholds'>;
export type NewBudget = BudgetTerms & { accountId: string; scope: BudgetScope; zone: string };

export const DEFAULT_THRESHOLDS: readonly number[] = [50, 80, 100];
/** Each is looked at under the lock of the wallet with every movement of its money. */
export const MAX_BUDGETS = 100;
const MAX_THRESHOLDS = 10;
/** A soft budget can be passed by far. */
const MAX_PERCENT = 1_000;
const MAX_NAME_CHARS = 100;
const MAX_ID_CHARS = 256;

export type BudgetDecision =
  | { kind: 'decided'; budget: Budget; counters: BudgetCounter[]; crossings: ThresholdCrossing[] }
  | { kind: 'refused'; reason: BudgetCommandRefusal };

/** Makes a budget. It counts from now on; `reservedMicros` is what open holds may still charge to it. */
export function decideCreate(
  command: NewBudget,
  ctx: { now: Instant; newId: (prefix: string) => string; budgetCount: number; reservedMicros: Micros },
): BudgetDecision {
  const { accountId, scope, zone } = command;
  const wrong = refuseTerms(command);
  if (wrong !== undefined) return refused(wrong);
  if (parseZone(zone) === undefined) return refused('budget_zone_unknown');
  if (!isScope(scope)) return refused('budget_scope_invalid');
  if (ctx.budgetCount >= MAX_BUDGETS) return refused('too_many_budgets');
  const budget: Budget = {
    ...termsOf(command),
    id: ctx.newId('bud'),
    accountId,
    scope,
    zone,
    reservedMicros: ctx.reservedMicros,
    status: 'active',
    version: 1n,
    createdAt: ctx.now,
    updatedAt: ctx.now,
  };
  return { kind: 'decided', budget, counters: [], crossings: [] };
}

/**
 * Changes the terms. A threshold that is not reached any more is told again when it is; one that is reached by the new
 * limit is told now.
 */
export function decideChange(
  budget: Budget,
  counters: readonly BudgetCounter[],
  command: Partial<BudgetTerms> & { ifVersion?: bigint },
  now: Instant,
): BudgetDecision {
  const { ifVersion, ...changes } = command;
  if (budget.status === 'deleted') return refused('budget_not_found');
  if (ifVersion !== undefined && ifVersion !== budget.version) return refused('budget_changed');
  const terms: BudgetTerms = { ...termsOf(budget), ...changes };
  const wrong = refuseTerms(terms);
  if (wrong !== undefined) return refused(wrong);
  const changed: Budget = { ...budget, ...termsOf(terms), version: budget.version + 1n, updatedAt: now };
  const limits = new Map(limitsOf(changed));
  const crossings: ThresholdCrossing[] = [];
  const retold = counters.flatMap((counter) => {
    const limitMicros = limits.get(counter.window);
    if (limitMicros === undefined) return [counter];
    const reached = passedThresholds(changed, { ...counter, toldPercents: [] }, limitMicros);
    const told = { ...counter, toldPercents: reached };
    for (const percent of reached.filter((one) => !counter.toldPercents.includes(one))) {
      crossings.push({ budget: changed, counter: told, percent, limitMicros });
    }
    return [told];
  });
  return { kind: 'decided', budget: changed, counters: retold, crossings };
}

/** Ends a budget: it limits and tells nothing more. Its counters stay to be read. */
export function decideDelete(budget: Budget, ifVersion: bigint | undefined, now: Instant): BudgetDecision {
  if (budget.status === 'deleted') return refused('budget_not_found');
  if (ifVersion !== undefined && ifVersion !== budget.version) return refused('budget_changed');
  const deleted: Budget = { ...budget, status: 'deleted', version: budget.version + 1n, updatedAt: now };
  return { kind: 'decided', budget: deleted, counters: [], crossings: [] };
}

function refuseTerms({ name, limits, thresholds }: BudgetTerms): BudgetCommandRefusal | undefined {
  if (name.trim() === '' || name.length > MAX_NAME_CHARS) return 'budget_name_invalid';
  const entries = Object.entries(limits);
  if (entries.length === 0) return 'budget_limits_missing';
  if (entries.some(([window]) => !BUDGET_WINDOWS.some((known) => known === window))) return 'budget_limits_missing';
  if (entries.some(([, micros]) => micros === undefined || micros <= 0n || micros > MAX_AMOUNT_MICROS)) {
    return 'amount_out_of_range';
  }
  const areValid = thresholds.every(
    (percent, at) =>
      Number.isInteger(percent) && percent >= 1 && percent <= MAX_PERCENT && percent > (thresholds[at - 1] ?? 0),
  );
  return areValid && thresholds.length <= MAX_THRESHOLDS ? undefined : 'budget_thresholds_invalid';
}

function isScope({ kind, id }: BudgetScope): boolean {
  if (!BUDGET_SCOPE_KINDS.includes(kind)) return false;
  return kind === 'account' ? id === '' : id !== '' && id.length <= MAX_ID_CHARS;
}

function termsOf({ name, limits, isHard, thresholds }: BudgetTerms): BudgetTerms {
  return { name, limits, isHard, thresholds };
}

function refused(reason: BudgetCommandRefusal): BudgetDecision {
  return { kind: 'refused', reason };
}
