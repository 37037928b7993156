import type { Instant, Micros } from '@suanli/kernel';

/**
 * How an account stands that should pay. `warned` and `grace`: told, everything goes on. `suspended`: nothing new
 * begins, what runs stops. `deleting`: what it keeps is reclaimed.
 */
export type StandingState = 'ok' | 'warned' | 'grace' | 'suspended' | 'deleting';

/** Why it stands so. */
export type StandingReason =
  | ''
  /** The last of its money was charged. */
  | 'balance_exhausted'
  /** It has spent more than it had, as its overdraft allows. */
  | 'overdraft_used'
  /** It used what nobody's money covered. */
  | 'unpaid_charges'
  /** A payer's bank took back money that was spent. */
  | 'debt_owed'
  /** The step before lasted its time. */
  | 'time_passed'
  /** Money came in. */
  | 'recharged';

export type Standing = {
  state: StandingState;
  /** Absent for an account that never was in arrears. */
  since?: Instant;
  /** When the next step comes by itself. */
  nextAt?: Instant;
  reason: StandingReason;
  /** Grows with each step. */
  version: bigint;
};

export const GOOD_STANDING: Standing = { state: 'ok', reason: '', version: 0n };

/** How long each step lasts. */
export type ArrearsTerms = { warnedMs: number; graceMs: number; suspendedMs: number };

/** The way down, as data: which step follows, and after which time. The way up is one step, from anywhere. */
const NEXT: Readonly<Record<StandingState, { state: StandingState; afterMs: keyof ArrearsTerms } | undefined>> = {
  ok: undefined,
  warned: { state: 'grace', afterMs: 'warnedMs' },
  grace: { state: 'suspended', afterMs: 'graceMs' },
  suspended: { state: 'deleting', afterMs: 'suspendedMs' },
  deleting: undefined,
};

/** What happened to the money of an account in one transaction. */
export type MoneyChange = {
  beforeMicros: Micros;
  afterMicros: Micros;
  unpaidMicros: Micros;
  hadDebt: boolean;
  hasDebt: boolean;
};

/** What a change of its money makes of an account's standing; undefined when it stands as before. */
export function decideStanding(
  standing: Standing,
  money: MoneyChange,
  terms: ArrearsTerms,
  now: Instant,
): Standing | undefined {
  if (isSettled(money)) {
    return standing.state === 'ok' ? undefined : step(standing, 'ok', 'recharged', terms, now);
  }
  if (standing.state !== 'ok') return undefined;
  const reason = whyShort(money);
  return reason === undefined ? undefined : step(standing, 'warned', reason, terms, now);
}

/** The next step once its time has come. Each lasts its full time, also when nobody looked for longer. */
export function decideNextStep(standing: Standing, terms: ArrearsTerms, now: Instant): Standing | undefined {
  const next = NEXT[standing.state];
  if (next === undefined || standing.nextAt === undefined || standing.nextAt > now) return undefined;
  return step(standing, next.state, 'time_passed', terms, now);
}

/** Whether work may begin and go on. */
export function mayWork({ state }: Standing): boolean {
  return state !== 'suspended' && state !== 'deleting';
}

/** Money that somebody owes is not theirs to work with: it is paid first. */
function isSettled({ afterMicros, hadDebt, hasDebt }: MoneyChange): boolean {
  return !hasDebt && (afterMicros > 0n || (hadDebt && afterMicros === 0n));
}

/** A wallet that has never had money is no debtor: only what happened makes one. */
function whyShort({ beforeMicros, afterMicros, unpaidMicros, hasDebt }: MoneyChange): StandingReason | undefined {
  if (hasDebt) return 'debt_owed';
  if (afterMicros < 0n) return 'overdraft_used';
  if (unpaidMicros > 0n) return 'unpaid_charges';
  return beforeMicros > 0n ? 'balance_exhausted' : undefined;
}

function step(
  from: Standing,
  state: StandingState,
  reason: StandingReason,
  terms: ArrearsTerms,
  now: Instant,
): Standing {
  const next = NEXT[state];
  const nextAt = next === undefined ? undefined : now + terms[next.afterMs];
  return { state, since: now, ...(nextAt !== undefined && { nextAt }), reason, version: from.version + 1n };
}
