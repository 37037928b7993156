import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS, startOfDay, UTC } from '../calendar/calendar.ts';
import type { Budget, BudgetCounter, BudgetScope, Spender } from './budget.ts';
import { BudgetBook } from './budget-book.ts';
import { windowAt } from './budget-window.ts';

/** Noon in Shanghai on Wednesday, 2026-01-07. */
const NOW = startOfDay('2026-01-07') + 12 * HOUR_MS;

function aBudget(changes: Partial<Budget> = {}): Budget {
  return {
    id: 'bud_1',
    accountId: 'acc_1',
    name: 'team',
    scope: { kind: 'account', id: '' },
    limits: { day: 100n },
    zone: 'Asia/Shanghai',
    isHard: true,
    thresholds: [50, 80, 100],
    reservedMicros: 0n,
    status: 'active',
    version: 1n,
    createdAt: NOW,
    updatedAt: NOW,
    ...changes,
  };
}

function spender(
  changes: { principalId?: string; item?: string; product?: string; workspaceId?: string } = {},
): Spender {
  const { principalId = 'key_1', item = 'qwen', product = 'inference', workspaceId = 'wsp_1' } = changes;
  return { tenant: { accountId: 'acc_1', workspaceId, principalId }, scope: { product, item, region: '' } };
}

const book = (...budgets: Budget[]) =>
  new BudgetBook(
    budgets.map((budget) => ({ budget, counters: [] })),
    NOW,
  );

describe('a hard budget', () => {
  it('admits what fits after what is reserved and spent, and not one micro more', () => {
    fc.assert(
      fc.property(fc.bigInt(1n, 1_000n), fc.array(fc.bigInt(1n, 300n), { maxLength: 20 }), (limit, wishes) => {
        const account = book(aBudget({ limits: { month: limit } }));
        let taken = 0n;
        for (const wish of wishes) {
          const refusal = account.refusal(spender(), wish);
          const missing = taken + wish - limit;
          expect(refusal?.missingMicros).toBe(missing > 0n ? missing : undefined);
          if (refusal !== undefined) continue;
          account.reserve(spender(), wish);
          taken += wish;
        }
      }),
    );
  });

  it('moves what is captured from reserved to spent, and frees what is released', () => {
    const account = book(aBudget());
    account.reserve(spender(), 100n);
    account.reserve(spender(), -30n);
    account.spend(spender(), 30n);
    expect(account.refusal(spender(), 1n)).toMatchObject({ reason: 'budget_exceeded', missingMicros: 1n });
    account.reserve(spender(), -70n);
    expect(account.refusal(spender(), 70n)).toBeUndefined();
    expect(account.changedCounters()).toMatchObject([{ window: 'day', spentMicros: 30n }]);
    expect(account.changedBudgets()).toEqual([]);
  });

  it('names the budget and window that lack most, and when there is room again', () => {
    const tight = aBudget({ id: 'bud_tight', scope: { kind: 'key', id: 'key_1' }, limits: { day: 10n, total: 12n } });
    const refusal = book(aBudget(), tight).refusal(spender(), 50n);
    const midnight = startOfDay('2026-01-08');
    expect(refusal).toEqual({
      reason: 'budget_exceeded',
      missingMicros: 40n,
      budget: { budgetId: 'bud_tight', window: 'day', resetsAt: midnight },
    });
  });

  it('is in the way of nobody whom it does not watch', () => {
    const others: BudgetScope[] = [
      { kind: 'key', id: 'key_2' },
      { kind: 'item', id: 'llama' },
      { kind: 'product', id: 'job' },
      { kind: 'workspace', id: 'wsp_2' },
      { kind: 'sub_account', id: 'sub_2' },
    ];
    const account = book(...others.map((scope, at) => aBudget({ id: `bud_${at}`, scope, limits: { total: 1n } })));
    expect(account.refusal(spender(), 1_000n)).toBeUndefined();
    account.spend(spender(), 1_000n);
    expect(account.changedCounters()).toEqual([]);
  });

  it('asks for the key or the model of a spender that does not say, instead of letting it pass', () => {
    const keyed = aBudget({ scope: { kind: 'key', id: 'key_1' } });
    const modelled = aBudget({ id: 'bud_2', scope: { kind: 'item', id: 'qwen' } });
    const shared = spender({ principalId: '', item: '' });
    expect(book(keyed, modelled).refusal(shared, 1n)).toMatchObject({ reason: 'scope_needed', needs: ['item', 'key'] });
    expect(book({ ...keyed, isHard: false }).refusal(shared, 1n)).toBeUndefined();
  });

  it('lets no payment past another budget because one of a model knows nothing of it', () => {
    const modelled = aBudget({ id: 'bud_2', scope: { kind: 'item', id: 'qwen' } });
    const plan = spender({ item: '', product: 'plan' });
    expect(book(aBudget(), modelled).shortfall(plan, 101n)).toMatchObject({ budget: { budgetId: 'bud_1' } });
    expect(book(modelled).shortfall(plan, 101n)).toBeUndefined();
  });

  it('takes a shared hold that was there before it as reserved: it may be charged here', () => {
    const account = book(aBudget({ scope: { kind: 'key', id: 'key_1' }, reservedMicros: 60n }));
    expect(account.refusal(spender(), 41n)).toMatchObject({ missingMicros: 1n });
    account.reserve(spender({ principalId: '' }), -60n);
    expect(account.refusal(spender(), 100n)).toBeUndefined();
  });

  it('counts charges beyond holds: they have run, and leave less than nothing', () => {
    const account = book(aBudget());
    account.spend(spender(), 130n);
    expect(account.refusal(spender(), 1n)).toMatchObject({ missingMicros: 31n });
  });

  it('has more room after a refund in the same window', () => {
    const account = book(aBudget());
    account.spend(spender(), 100n);
    account.spend(spender(), -40n);
    expect(account.refusal(spender(), 40n)).toBeUndefined();
    expect(account.refusal(spender(), 41n)).toBeDefined();
  });
});

describe('windows', () => {
  const yesterday: BudgetCounter = {
    budgetId: 'bud_1',
    window: 'day',
    ...windowAt('day', 'Asia/Shanghai', NOW - DAY_MS),
    spentMicros: 100n,
    toldPercents: [50, 80, 100],
  };

  it('begin anew at midnight of their zone; what holds have open counts on', () => {
    const start = startOfDay('2026-01-08');
    const budget = aBudget({ reservedMicros: 20n });
    const before = new BudgetBook(
      [{ budget, counters: [{ ...yesterday, ...windowAt('day', 'Asia/Shanghai', NOW) }] }],
      NOW,
    );
    expect(before.refusal(spender(), 1n)).toBeDefined();
    const after = new BudgetBook([{ budget, counters: [] }], start);
    expect(after.refusal(spender(), 80n)).toBeUndefined();
    expect(after.refusal(spender(), 81n)).toBeDefined();
  });

  it('count late usage in the window in which it is charged', () => {
    const account = book(aBudget({ limits: { day: 100n, month: 1_000n, total: 5_000n } }));
    account.spend(spender(), 7n);
    const starts = Object.fromEntries(account.changedCounters().map((one) => [one.window, one.startsAt]));
    expect(starts).toEqual({ day: startOfDay('2026-01-07'), month: startOfDay('2026-01-01'), total: 0 });
  });

  it.each([
    ['a leap day', 'month' as const, startOfDay('2028-02-29') + DAY_MS - 1_000, '2028-02-01', '2028-03-01'],
    ['a week over the end of a year', 'week' as const, startOfDay('2027-01-02', UTC), '2026-12-28', '2027-01-04'],
    ['the first instant of a month', 'month' as const, startOfDay('2026-02-01'), '2026-02-01', '2026-03-01'],
  ])('%s is in its own window', (_story, window, at, from, to) => {
    expect(windowAt(window, 'Asia/Shanghai', at)).toEqual({ startsAt: startOfDay(from), endsAt: startOfDay(to) });
  });

  it('begin where their zone says', () => {
    expect(windowAt('day', 'UTC', NOW).startsAt).toBe(startOfDay('2026-01-07', UTC));
    expect(windowAt('day', '-03:00', startOfDay('2026-01-07', UTC) + 2 * HOUR_MS).startsAt).toBe(
      startOfDay('2026-01-06', UTC) + 3 * HOUR_MS,
    );
  });
});

describe('thresholds', () => {
  it('are told at their very percentage, once in a window', () => {
    const account = book(aBudget({ limits: { day: 1_000n } }));
    for (const micros of [499n, 1n, 299n, 1n, 199n, 1n, 500n]) account.spend(spender(), micros);
    const told = account.crossings().map(({ percent, counter }) => [percent, counter.spentMicros]);
    expect(told).toEqual([
      [50, 500n],
      [80, 800n],
      [100, 1_000n],
    ]);
  });

  it('are told for every amount as exact arithmetic says: no percentage is rounded', () => {
    fc.assert(
      fc.property(
        fc.bigInt(1n, 10n ** 15n),
        fc.bigInt(0n, 10n ** 15n),
        fc.integer({ min: 1, max: 1_000 }),
        (limit, spent, percent) => {
          const account = book(aBudget({ limits: { total: limit }, thresholds: [percent] }));
          account.spend(spender(), spent);
          expect(account.crossings().length === 1).toBe(spent > 0n && spent * 100n >= limit * BigInt(percent));
        },
      ),
    );
  });

  it('are not told by what is only reserved', () => {
    const account = book(aBudget());
    account.reserve(spender(), 100n);
    expect(account.crossings()).toEqual([]);
  });

  it('passed together are told each, and soft budgets tell without refusing', () => {
    const account = book(aBudget({ isHard: false, thresholds: [50, 100, 200] }));
    expect(account.refusal(spender(), 10_000n)).toBeUndefined();
    account.spend(spender(), 200n);
    expect(account.crossings().map(({ percent }) => percent)).toEqual([50, 100, 200]);
  });
});
