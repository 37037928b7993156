import type { Clock, Micros } from '@suanli/kernel';
import type { SpendDimension } from '../domain/inference/lease-grain.ts';
import type { HoldDesk, HoldOutcome } from '../app/inference/ports.ts';

export type MemoryHold = {
  amountMicros: Micros;
  expiresAt: number;
  isClosed: boolean;
  principalId: string;
  item: string;
};
/** A hard budget of one key or of one model. */
export type MemoryBudget = { kind: SpendDimension; id: string; limitMicros: Micros };
export type MemoryHoldDesk = HoldDesk & {
  holds: ReadonlyMap<string, MemoryHold>;
  /** What the wallet has left beside its holds. */
  availableMicros(): Micros;
  /** The next commands are carried out, but their answers do not arrive. */
  loseAnswers(count: number): void;
  /** Ends a hold behind the back of whoever uses it. */
  revoke(holdId: string): void;
  closes: { holdId: string; finalUsageId: string }[];
};

type MemoryDeskOptions = { walletMicros: Micros; clock: Clock; budgets?: readonly MemoryBudget[] };

/** Billing's holds over one wallet, by its rules: idempotent by request id, amounts never go down. */
export function memoryHoldDesk({ walletMicros, clock, budgets = [] }: MemoryDeskOptions): MemoryHoldDesk {
  const holds = new Map<string, MemoryHold>();
  const answers = new Map<string, HoldOutcome>();
  const closes: MemoryHoldDesk['closes'] = [];
  let answersToLose = 0;
  const availableMicros = () =>
    [...holds.values()].reduce((left, hold) => left - (hold.isClosed ? 0n : hold.amountMicros), walletMicros);
  const refused = (reason: string, missingMicros = 0n): HoldOutcome => ({ kind: 'refused', reason, missingMicros });
  const once = async (requestId: string, effect: () => HoldOutcome): Promise<HoldOutcome> => {
    const answer = answers.get(requestId) ?? effect();
    answers.set(requestId, answer);
    if (answersToLose > 0) {
      answersToLose -= 1;
      throw new Error('the answer was lost');
    }
    return answer;
  };

  /** What holds of a budget ever took counts, also when they are closed: what was captured of them stays spent. */
  const overBudget = (who: { principalId: string; item: string }, moreMicros: Micros): HoldOutcome | undefined => {
    const named = { key: who.principalId, item: who.item };
    const needs = budgets.filter(({ kind }) => named[kind] === '').map(({ kind }) => kind);
    if (needs.length > 0 && moreMicros > 0n)
      return { kind: 'refused', reason: 'scope_needed', missingMicros: 0n, needs };
    for (const { kind, id, limitMicros } of budgets) {
      if (named[kind] !== id) continue;
      const mine = [...holds.values()].filter((hold) => (kind === 'key' ? hold.principalId : hold.item) === id);
      const missingMicros = mine.reduce((sum, hold) => sum + hold.amountMicros, moreMicros) - limitMicros;
      if (missingMicros > 0n) {
        return { kind: 'refused', reason: 'budget_exceeded', missingMicros, budget: { budgetId: id, window: 'total' } };
      }
    }
    return undefined;
  };

  return {
    holds,
    availableMicros,
    closes,
    loseAnswers: (count) => void (answersToLose = count),
    revoke(holdId) {
      const hold = holds.get(holdId);
      if (hold !== undefined) hold.isClosed = true;
    },
    place: ({ requestId, amountMicros, expiresAt, tenant, item }) =>
      once(requestId, () => {
        const over = overBudget({ principalId: tenant.principalId, item }, amountMicros);
        if (over !== undefined) return over;
        const missingMicros = amountMicros - availableMicros();
        if (missingMicros > 0n) return refused('insufficient_funds', missingMicros);
        const holdId = `hld_${holds.size + 1}`;
        holds.set(holdId, { amountMicros, expiresAt, isClosed: false, principalId: tenant.principalId, item });
        return { kind: 'held', holdId, amountMicros, expiresAt };
      }),
    extend: ({ requestId, holdId, amountMicros, expiresAt }) =>
      once(requestId, () => {
        const hold = holds.get(holdId);
        if (hold === undefined) return refused('hold_not_found');
        if (hold.isClosed || hold.expiresAt <= clock.now()) return refused('hold_not_active');
        if (amountMicros < hold.amountMicros) return refused('amount_out_of_range');
        const over = overBudget(hold, amountMicros - hold.amountMicros);
        if (over !== undefined) return over;
        const missingMicros = amountMicros - hold.amountMicros - availableMicros();
        if (missingMicros > 0n) return refused('insufficient_funds', missingMicros);
        Object.assign(hold, { amountMicros, expiresAt: Math.max(expiresAt, hold.expiresAt) });
        return { kind: 'held', holdId, amountMicros, expiresAt: hold.expiresAt };
      }),
    async close({ holdId, finalUsageId }) {
      closes.push({ holdId, finalUsageId });
      const hold = holds.get(holdId);
      if (hold !== undefined) hold.isClosed = true;
    },
  };
}
