import type { Instant } from '@suanli/kernel';
import type { Tx } from '@suanli/postgres';
import { and, desc, eq, gt, inArray, isNull, lt, lte, or, sql } from 'drizzle-orm';
import type { BudgetStore } from '../../../app/budgets/ports.ts';
import { BUDGET_WINDOWS, type Budget, type BudgetCounter, type BudgetState } from '../../../domain/budget/budget.ts';
import { toHold } from '../rows.ts';
import { budgetCounters, budgets, holds, wallets } from '../schema/index.ts';

export function budgetStore(tx: Tx): BudgetStore {
  const withCounters = async (found: Budget[], now: Instant): Promise<BudgetState[]> => {
    if (found.length === 0) return [];
    const at = new Date(now);
    const rows = await tx
      .select()
      .from(budgetCounters)
      .where(
        and(
          inArray(
            budgetCounters.budgetId,
            found.map((budget) => budget.id),
          ),
          lte(budgetCounters.startsAt, at),
          or(isNull(budgetCounters.endsAt), gt(budgetCounters.endsAt, at)),
        ),
      );
    const byBudget = Map.groupBy(rows.map(toCounter), (counter) => counter.budgetId);
    return found.map((budget) => ({ budget, counters: byBudget.get(budget.id) ?? [] }));
  };
  const isActive = eq(budgets.status, 'active');
  return {
    async open(accountIds, now) {
      const rows = await tx
        .select()
        .from(budgets)
        .where(and(inArray(budgets.accountId, [...accountIds]), isActive));
      return withCounters(rows.map(toBudget), now);
    },
    async find(accountId, budgetId, now) {
      const rows = await tx
        .select()
        .from(budgets)
        .where(and(eq(budgets.accountId, accountId), eq(budgets.id, budgetId)));
      return (await withCounters(rows.map(toBudget), now))[0];
    },
    async list(accountId, { limit, after }, now) {
      const isBehind = after === undefined ? undefined : lt(budgets.id, after);
      const rows = await tx
        .select()
        .from(budgets)
        .where(and(eq(budgets.accountId, accountId), isActive, isBehind))
        .orderBy(desc(budgets.id))
        .limit(limit + 1);
      const states = await withCounters(rows.slice(0, limit).map(toBudget), now);
      const hasMore = rows.length > limit;
      const nextKey = states.at(-1)?.budget.id;
      return { rows: states, hasMore, ...(hasMore && nextKey !== undefined && { nextKey }) };
    },
    async insert(budget) {
      await tx.insert(budgets).values(fromBudget(budget));
    },
    async save(changed) {
      await tx
        .insert(budgets)
        .values(changed.map(fromBudget))
        .onConflictDoUpdate({
          target: budgets.id,
          set: {
            name: sql`excluded.name`,
            dayMicros: sql`excluded.day_micros`,
            weekMicros: sql`excluded.week_micros`,
            monthMicros: sql`excluded.month_micros`,
            totalMicros: sql`excluded.total_micros`,
            isHard: sql`excluded.is_hard`,
            thresholds: sql`excluded.thresholds`,
            reservedMicros: sql`excluded.reserved_micros`,
            status: sql`excluded.status`,
            version: sql`excluded.version`,
            updatedAt: sql`excluded.updated_at`,
          },
        });
    },
    async saveCounters(counters) {
      await tx
        .insert(budgetCounters)
        .values(counters.map(fromCounter))
        .onConflictDoUpdate({
          target: [budgetCounters.budgetId, budgetCounters.window, budgetCounters.startsAt],
          set: { spentMicros: sql`excluded.spent_micros`, toldPercents: sql`excluded.told_percents` },
        });
    },
    async mark(accountId, hasBudgets) {
      await tx.update(wallets).set({ hasBudgets }).where(eq(wallets.accountId, accountId));
    },
    async openHolds(accountId) {
      const rows = await tx
        .select()
        .from(holds)
        .where(and(eq(holds.accountId, accountId), isNull(holds.resolvedAt)));
      return rows.map(toHold);
    },
  };
}

const COLUMN_OF = { day: 'dayMicros', week: 'weekMicros', month: 'monthMicros', total: 'totalMicros' } as const;

function toBudget(row: typeof budgets.$inferSelect): Budget {
  const limits = BUDGET_WINDOWS.flatMap((window) => {
    const micros = row[COLUMN_OF[window]];
    return micros === null ? [] : [[window, micros] as const];
  });
  return {
    id: row.id,
    accountId: row.accountId,
    name: row.name,
    scope: { kind: row.scopeKind, id: row.scopeId },
    limits: Object.fromEntries(limits),
    zone: row.zone,
    isHard: row.isHard,
    thresholds: row.thresholds,
    reservedMicros: row.reservedMicros,
    status: row.status,
    version: row.version,
    createdAt: row.createdAt.getTime(),
    updatedAt: row.updatedAt.getTime(),
  };
}

function fromBudget({ scope, limits, thresholds, createdAt, updatedAt, ...rest }: Budget): typeof budgets.$inferInsert {
  return {
    ...rest,
    scopeKind: scope.kind,
    scopeId: scope.id,
    dayMicros: limits.day ?? null,
    weekMicros: limits.week ?? null,
    monthMicros: limits.month ?? null,
    totalMicros: limits.total ?? null,
    thresholds: [...thresholds],
    createdAt: new Date(createdAt),
    updatedAt: new Date(updatedAt),
  };
}

function toCounter({ startsAt, endsAt, ...rest }: typeof budgetCounters.$inferSelect): BudgetCounter {
  return { ...rest, startsAt: startsAt.getTime(), ...(endsAt !== null && { endsAt: endsAt.getTime() }) };
}

function fromCounter({ startsAt, endsAt, toldPercents, ...rest }: BudgetCounter): typeof budgetCounters.$inferInsert {
  return {
    ...rest,
    startsAt: new Date(startsAt),
    endsAt: endsAt === undefined ? null : new Date(endsAt),
    toldPercents: [...toldPercents],
  };
}
