import type { Instant, Micros } from '@suanli/kernel';
import {
  type Budget,
  type BudgetCounter,
  type BudgetState,
  type BudgetWindow,
  counts,
  type SpendDimension,
  type Spender,
} from './budget.ts';
import { emptyCounter } from './budget-window.ts';

/** The budget and window with the least room, and when there is room again. */
export type BudgetShortfall = { budgetId: string; window: BudgetWindow; resetsAt?: Instant };

export type BudgetRefusal =
  | { reason: 'budget_exceeded'; missingMicros: Micros; budget: BudgetShortfall }
  /** A hard budget tells keys or items apart, and the spender does not say which of them it is. */
  | { reason: 'scope_needed'; missingMicros: 0n; needs: SpendDimension[] };

/** A threshold that was passed now, for the first time in its window. */
export type ThresholdCrossing = { budget: Budget; counter: BudgetCounter; percent: number; limitMicros: Micros };

type Entry = {
  budget: Budget;
  reservedMicros: Micros;
  counters: Map<BudgetWindow, BudgetCounter>;
  changed: Set<BudgetWindow>;
};

/**
 * The budgets of the locked accounts while a batch is folded over them: every command sees what the ones before it have
 * reserved and spent. Empty for accounts without budgets, which is nearly all of them.
 */
export class BudgetBook {
  readonly #now: Instant;
  readonly #entries: ReadonlyMap<string, readonly Entry[]>;
  readonly #crossings: ThresholdCrossing[] = [];

  constructor(states: readonly BudgetState[], now: Instant) {
    this.#now = now;
    this.#entries = Map.groupBy(states.map(toEntry), ({ budget }) => budget.accountId);
  }

  /**
   * Why `spender` may not reserve or pay `moreMicros` more; undefined when it may. Every hard budget and window that
   * it counts in must have room after what was charged and what is reserved already, so that neither a capture nor
   * another hold can pass the limit later.
   */
  refusal(spender: Spender, moreMicros: Micros): BudgetRefusal | undefined {
    const needs = new Set<SpendDimension>();
    for (const { budget } of this.#of(spender)) {
      const { scope, isHard } = budget;
      if (isHard && counts(scope, spender) === 'maybe') needs.add(scope.kind === 'key' ? 'key' : 'item');
    }
    if (needs.size > 0) return { reason: 'scope_needed', missingMicros: 0n, needs: [...needs].sort() };
    return this.shortfall(spender, moreMicros);
  }

  /** The same for a payment at once: what it is for is known, and a budget that it does not name it is not of. */
  shortfall(spender: Spender, moreMicros: Micros): (BudgetRefusal & { reason: 'budget_exceeded' }) | undefined {
    let worst: (BudgetRefusal & { reason: 'budget_exceeded' }) | undefined;
    for (const entry of this.#of(spender)) {
      if (!entry.budget.isHard) continue;
      if (counts(entry.budget.scope, spender) !== 'yes') continue;
      for (const [window, limitMicros] of limitsOf(entry.budget)) {
        const { spentMicros, endsAt } = this.#counter(entry, window);
        const missingMicros = spentMicros + entry.reservedMicros + moreMicros - limitMicros;
        if (missingMicros <= 0n || (worst !== undefined && worst.missingMicros >= missingMicros)) continue;
        const budget = { budgetId: entry.budget.id, window, ...(endsAt !== undefined && { resetsAt: endsAt }) };
        worst = { reason: 'budget_exceeded', missingMicros, budget };
      }
    }
    return worst;
  }

  /** A hold of `spender` has this much more, or less, left. A hold that may count is taken to count. */
  reserve(spender: Spender, differenceMicros: Micros): void {
    if (differenceMicros === 0n) return;
    for (const entry of this.#of(spender)) {
      if (counts(entry.budget.scope, spender) !== 'no') entry.reservedMicros += differenceMicros;
    }
  }

  /** So much was charged; less than nothing when it was paid back. Never refused: what has run is owed. */
  spend(spender: Spender, amountMicros: Micros): void {
    if (amountMicros === 0n) return;
    for (const entry of this.#of(spender)) {
      if (counts(entry.budget.scope, spender) !== 'yes') continue;
      for (const [window, limitMicros] of limitsOf(entry.budget)) {
        const before = this.#counter(entry, window);
        this.#set(entry, { ...before, spentMicros: before.spentMicros + amountMicros }, limitMicros);
      }
    }
  }

  /** Budgets whose reserve has changed. */
  changedBudgets(): Budget[] {
    return this.#all()
      .filter(({ budget, reservedMicros }) => budget.reservedMicros !== reservedMicros)
      .map(({ budget, reservedMicros }) => ({ ...budget, reservedMicros }));
  }

  changedCounters(): BudgetCounter[] {
    return this.#all().flatMap(({ counters, changed }) => [...changed].flatMap((window) => counters.get(window) ?? []));
  }

  crossings(): readonly ThresholdCrossing[] {
    return this.#crossings;
  }

  #set(entry: Entry, counter: BudgetCounter, limitMicros: Micros): void {
    const { budget } = entry;
    const passed = passedThresholds(budget, counter, limitMicros);
    const told = { ...counter, toldPercents: [...counter.toldPercents, ...passed] };
    entry.counters.set(counter.window, told);
    entry.changed.add(counter.window);
    for (const percent of passed) this.#crossings.push({ budget, counter: told, percent, limitMicros });
  }

  /** A window that nobody has charged in begins empty. */
  #counter({ budget, counters }: Entry, window: BudgetWindow): BudgetCounter {
    return counters.get(window) ?? emptyCounter(budget.id, window, budget.zone, this.#now);
  }

  #of({ tenant }: Spender): readonly Entry[] {
    return this.#entries.get(tenant.accountId) ?? [];
  }

  #all(): Entry[] {
    return [...this.#entries.values()].flat();
  }
}

/** Thresholds that a counter has reached and that nobody was told of. Exact: no percentage is ever rounded. */
export function passedThresholds({ thresholds }: Budget, counter: BudgetCounter, limitMicros: Micros): number[] {
  return thresholds.filter(
    (percent) => !counter.toldPercents.includes(percent) && counter.spentMicros * 100n >= limitMicros * BigInt(percent),
  );
}

export function limitsOf({ limits }: Budget): [BudgetWindow, Micros][] {
  return Object.entries(limits) as [BudgetWindow, Micros][];
}

function toEntry({ budget, counters }: BudgetState): Entry {
  const { reservedMicros } = budget;
  return { budget, reservedMicros, counters: new Map(counters.map((one) => [one.window, one])), changed: new Set() };
}
