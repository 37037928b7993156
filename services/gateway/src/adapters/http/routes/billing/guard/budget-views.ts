import { CURRENCY } from '@suanli/kernel';
import type { Budget } from '@suanli/proto/suanli/billing/v1/budget.ts';
import { z } from 'zod';
import { currency, instant, micros, timeOf } from '../../../schemas.ts';

export const BUDGET_SCOPE_KINDS = ['account', 'sub_account', 'workspace', 'key', 'item', 'product'] as const;
export const BUDGET_WINDOWS = ['day', 'week', 'month', 'total'] as const;

export const budgetView = z.object({
  id: z.string().meta({ example: 'bud_01…' }),
  name: z.string(),
  scope: z.object({ kind: z.enum(BUDGET_SCOPE_KINDS), id: z.string().optional() }),
  zone: z.string(),
  is_hard: z.boolean(),
  thresholds: z.array(z.int()),
  currency,
  reserved_micros: micros.meta({ description: 'What open holds may still charge; counts in every window' }),
  windows: z.array(
    z.object({
      window: z.enum(BUDGET_WINDOWS),
      limit_micros: micros,
      spent_micros: micros.meta({ description: 'Charged, less what was paid back, in this window' }),
      reserved_micros: micros,
      remaining_micros: micros.meta({ description: 'What a new hold may take' }),
      starts_at: instant.optional(),
      resets_at: instant.optional().meta({ description: 'Absent for `total`' }),
      told_percents: z.array(z.int()).meta({ description: 'Thresholds told in this window' }),
    }),
  ),
  version: z.int(),
  created_at: instant,
  updated_at: instant,
});

export function toBudgetView(budget: Budget): z.infer<typeof budgetView> {
  const reserved = String(budget.reservedMicros);
  const { kind = 'account', id = '' } = budget.scope ?? {};
  return {
    id: budget.budgetId,
    name: budget.name,
    scope: { kind: kind as (typeof BUDGET_SCOPE_KINDS)[number], ...(id !== '' && { id }) },
    zone: budget.zone,
    is_hard: budget.isHard,
    thresholds: budget.thresholds,
    currency: CURRENCY,
    reserved_micros: reserved,
    windows: budget.windows.map((status) => ({
      window: status.window as (typeof BUDGET_WINDOWS)[number],
      limit_micros: String(status.limitMicros),
      spent_micros: String(status.spentMicros),
      reserved_micros: reserved,
      remaining_micros: String(status.remainingMicros),
      ...(status.startsAt !== undefined && { starts_at: status.startsAt.toISOString() }),
      ...(status.resetsAt !== undefined && { resets_at: status.resetsAt.toISOString() }),
      told_percents: status.toldPercents,
    })),
    version: Number(budget.version),
    created_at: timeOf(budget.createdAt) ?? '',
    updated_at: timeOf(budget.updatedAt) ?? '',
  };
}
