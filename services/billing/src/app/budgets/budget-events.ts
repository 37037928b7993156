import type { ThresholdCrossing } from '../../domain/budget/budget-book.ts';
import type { BillingEvent } from '../ports.ts';

export type BudgetThresholdReached = { kind: 'budget_threshold_reached' } & ThresholdCrossing;

export function thresholdEvents(crossings: readonly ThresholdCrossing[]): BillingEvent[] {
  return crossings.map((crossing) => ({ kind: 'budget_threshold_reached', ...crossing }));
}
