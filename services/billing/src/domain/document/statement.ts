import { CURRENCY, type Instant, type Micros } from '@suanli/kernel';
import type { Month } from '../calendar/calendar.ts';

/** What went in and out of a wallet under one code. */
export type StatementMovement = { code: string; inMicros: Micros; outMicros: Micros; count: number };

/** One month of a wallet: what it had, what moved, what it has. Opening + in - out = closing, to the micro. */
export type Statement = {
  /** Empty while the month is open: then it still grows. */
  id: string;
  accountId: string;
  walletId: string;
  month: Month;
  status: 'open' | 'closed';
  /** The entries after this number, up to the other: without gap from one month to the next. */
  afterSequence: bigint;
  toSequence: bigint;
  openingMicros: Micros;
  closingMicros: Micros;
  movements: readonly StatementMovement[];
  currency: string;
  closedAt?: Instant;
};

export type StatementRange = {
  afterSequence: bigint;
  toSequence: bigint;
  openingMicros: Micros;
  closingMicros: Micros;
};

export function statementOf(
  of: { accountId: string; walletId: string; month: Month },
  range: StatementRange,
  movements: readonly StatementMovement[],
): Statement {
  return { ...of, id: '', status: 'open', ...range, movements, currency: CURRENCY };
}

/** Whether the movements are all that happened between opening and closing. */
export function addsUp({ openingMicros, closingMicros, movements }: Statement): boolean {
  const moved = movements.reduce((sum, { inMicros, outMicros }) => sum + inMicros - outMicros, 0n);
  return openingMicros + moved === closingMicros;
}
