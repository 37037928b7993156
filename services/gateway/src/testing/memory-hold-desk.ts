import type { Clock, Micros } from '@suanli/kernel';
import type { HoldDesk, HoldOutcome } from '../app/inference/ports.ts';

export type MemoryHold = { amountMicros: Micros; expiresAt: number; isClosed: boolean };
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

/** Billing's holds over one wallet, by its rules: idempotent by request id, amounts never go down. */
export function memoryHoldDesk({ walletMicros, clock }: { walletMicros: Micros; clock: Clock }): MemoryHoldDesk {
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

  return {
    holds,
    availableMicros,
    closes,
    loseAnswers: (count) => void (answersToLose = count),
    revoke(holdId) {
      const hold = holds.get(holdId);
      if (hold !== undefined) hold.isClosed = true;
    },
    place: ({ requestId, amountMicros, expiresAt }) =>
      once(requestId, () => {
        const missingMicros = amountMicros - availableMicros();
        if (missingMicros > 0n) return refused('insufficient_funds', missingMicros);
        const holdId = `hld_${holds.size + 1}`;
        holds.set(holdId, { amountMicros, expiresAt, isClosed: false });
        return { kind: 'held', holdId, amountMicros, expiresAt };
      }),
    extend: ({ requestId, holdId, amountMicros, expiresAt }) =>
      once(requestId, () => {
        const hold = holds.get(holdId);
        if (hold === undefined) return refused('hold_not_found');
        if (hold.isClosed || hold.expiresAt <= clock.now()) return refused('hold_not_active');
        if (amountMicros < hold.amountMicros) return refused('amount_out_of_range');
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
