import type { Instant, Micros } from '@suanli/kernel';

export type PlanPeriod = 'month' | 'year';

/** What a plan gives for each unit bought. Empty `products`, `items`, `regions` of a credit: everything. */
export type PlanBenefit =
  /** Money of each period that pays for usage before cash does, and is gone with the period. */
  | {
      kind: 'credit';
      amountMicros: Micros;
      products: readonly string[];
      items: readonly string[];
      regions: readonly string[];
    }
  /** Capacity kept for the buyer: `count` of the item in the region. */
  | { kind: 'reservation'; item: string; region: string; count: number };

/** One version of a plan. Immutable: a change of price or benefit is another version. */
export type Plan = {
  id: string;
  /** The same over all versions. */
  code: string;
  version: number;
  name: string;
  period: PlanPeriod;
  /** Of one unit for one period, paid in advance. */
  priceMicros: Micros;
  benefit: PlanBenefit;
  /** Plans of one family can be changed into each other. */
  family: string;
  effectiveFrom: Instant;
  /** Withdrawn plans are neither sold nor renewed; what is paid runs on. */
  isWithdrawn: boolean;
};

export type NewPlan = Omit<Plan, 'id' | 'version'>;

export const MAX_PLAN_QUANTITY = 1_000;

/** The version on sale at `at`; undefined when the plan is unknown, not yet sold, or withdrawn. */
export function planOnSale(versions: readonly Plan[], code: string, at: Instant): Plan | undefined {
  const current = versions
    .filter((plan) => plan.code === code && plan.effectiveFrom <= at)
    .reduce<Plan | undefined>(
      (best, plan) => (best === undefined || plan.version > best.version ? plan : best),
      undefined,
    );
  return current?.isWithdrawn === true ? undefined : current;
}
