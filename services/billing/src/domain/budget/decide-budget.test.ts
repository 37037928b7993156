import { describe, expect, it } from 'vitest';
import { NOW } from '../../testing/builders.ts';
import { type Budget, type BudgetCounter, type BudgetWindow } from './budget.ts';
import {
  type BudgetCommandRefusal,
  decideChange,
  decideCreate,
  decideDelete,
  MAX_BUDGETS,
  type NewBudget,
} from './decide-budget.ts';

const ctx = { now: NOW, newId: (prefix: string) => `${prefix}_1`, budgetCount: 0, reservedMicros: 5n };
const wanted: NewBudget = {
  accountId: 'acc_1',
  name: 'team',
  scope: { kind: 'key', id: 'key_1' },
  limits: { day: 100n },
  zone: 'Asia/Shanghai',
  isHard: true,
  thresholds: [50, 100],
};

function made(changes: Partial<NewBudget> = {}): Budget {
  const decision = decideCreate({ ...wanted, ...changes }, ctx);
  if (decision.kind === 'refused') throw new Error(decision.reason);
  return decision.budget;
}

describe('a budget is made', () => {
  it('with what open holds may still charge to it', () => {
    expect(made()).toMatchObject({ id: 'bud_1', reservedMicros: 5n, version: 1n, status: 'active' });
  });

  it.each<[string, Partial<NewBudget>, BudgetCommandRefusal]>([
    ['a limit of zero', { limits: { day: 0n } }, 'amount_out_of_range'],
    ['a negative limit', { limits: { total: -1n } }, 'amount_out_of_range'],
    ['a limit beyond every amount', { limits: { day: 2n ** 62n } }, 'amount_out_of_range'],
    ['no limit', { limits: {} }, 'budget_limits_missing'],
    ['a window that there is not', { limits: { ['year' as BudgetWindow]: 1n } }, 'budget_limits_missing'],
    ['no name', { name: '  ' }, 'budget_name_invalid'],
    ['a name without end', { name: 'x'.repeat(101) }, 'budget_name_invalid'],
    ['a key without an id', { scope: { kind: 'key', id: '' } }, 'budget_scope_invalid'],
    ['an account with an id', { scope: { kind: 'account', id: 'acc_1' } }, 'budget_scope_invalid'],
    ['thresholds out of order', { thresholds: [80, 50] }, 'budget_thresholds_invalid'],
    ['a threshold twice', { thresholds: [50, 50] }, 'budget_thresholds_invalid'],
    ['a threshold of nothing', { thresholds: [0] }, 'budget_thresholds_invalid'],
    ['half a percent', { thresholds: [0.5] }, 'budget_thresholds_invalid'],
    ['too many thresholds', { thresholds: Array.from({ length: 11 }, (_, at) => at + 1) }, 'budget_thresholds_invalid'],
    ['a zone whose offset changes', { zone: 'Europe/Berlin' }, 'budget_zone_unknown'],
  ])('not with %s', (_story, changes, reason) => {
    expect(decideCreate({ ...wanted, ...changes }, ctx)).toEqual({ kind: 'refused', reason });
  });

  it('only so often in an account', () => {
    const decision = decideCreate(wanted, { ...ctx, budgetCount: MAX_BUDGETS });
    expect(decision).toEqual({ kind: 'refused', reason: 'too_many_budgets' });
  });
});

describe('a change of a budget', () => {
  const counter: BudgetCounter = {
    budgetId: 'bud_1',
    window: 'day',
    startsAt: NOW,
    endsAt: NOW + 1,
    spentMicros: 60n,
    toldPercents: [50],
  };

  it('re-arms a threshold that a higher limit puts out of reach, so that it is told again', () => {
    const decision = decideChange(made(), [counter], { limits: { day: 1_000n } }, NOW);
    expect(decision).toMatchObject({ counters: [{ toldPercents: [] }], crossings: [], budget: { version: 2n } });
  });

  it('tells at once what a lower limit puts behind', () => {
    const decision = decideChange(made(), [counter], { limits: { day: 60n } }, NOW);
    expect(decision).toMatchObject({ crossings: [{ percent: 100, limitMicros: 60n }] });
  });

  it('is refused when the budget is not the one that was read, or not there', () => {
    const refused = (reason: BudgetCommandRefusal) => ({ kind: 'refused', reason });
    expect(decideChange(made(), [], { ifVersion: 7n }, NOW)).toEqual(refused('budget_changed'));
    expect(decideDelete(made(), 7n, NOW)).toEqual(refused('budget_changed'));
    const deleted = decideDelete(made(), undefined, NOW);
    if (deleted.kind === 'refused') throw new Error(deleted.reason);
    expect(decideChange(deleted.budget, [], {}, NOW)).toEqual(refused('budget_not_found'));
    expect(decideDelete(deleted.budget, undefined, NOW)).toEqual(refused('budget_not_found'));
  });
});
