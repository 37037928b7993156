import { describe, expect, it } from 'vitest';
import { NOW } from '../../testing/builders.ts';
import {
  type ArrearsTerms,
  decideNextStep,
  decideStanding,
  GOOD_STANDING,
  mayWork,
  type Standing,
} from './standing.ts';

const terms: ArrearsTerms = { warnedMs: 10, graceMs: 20, suspendedMs: 30 };
const money = (beforeMicros: bigint, afterMicros: bigint, unpaidMicros = 0n) => ({
  beforeMicros,
  afterMicros,
  unpaidMicros,
  hadDebt: false,
  hasDebt: false,
});
const debt = (hadDebt: boolean, hasDebt: boolean) => ({ hadDebt, hasDebt });

function stepped(standing: Standing, now: number): Standing {
  const next = decideNextStep(standing, terms, now);
  if (next === undefined) throw new Error(`nothing follows ${standing.state}`);
  return next;
}

describe('an account', () => {
  it.each([
    ['whose last money is charged', money(5n, 0n), 'balance_exhausted'],
    ['that spends its overdraft', money(5n, -1n), 'overdraft_used'],
    ['that uses what no money covers', money(0n, 0n, 3n), 'unpaid_charges'],
    ['whose payer took back what was spent', { ...money(0n, 0n), ...debt(false, true) }, 'debt_owed'],
    ['that owes money, whatever else it has,', { ...money(5n, 4n), ...debt(true, true) }, 'debt_owed'],
  ])('%s is warned', (_story, change, reason) => {
    expect(decideStanding(GOOD_STANDING, change, terms, NOW)).toEqual({
      state: 'warned',
      since: NOW,
      nextAt: NOW + 10,
      reason,
      version: 1n,
    });
  });

  it.each([
    ['that never had money is no debtor', money(0n, 0n)],
    ['with money left is none, whatever the platform bore', money(5n, 1n, 3n)],
  ])('%s', (_story, change) => {
    expect(decideStanding(GOOD_STANDING, change, terms, NOW)).toBeUndefined();
  });

  it('goes down step by step, each for its full time, even when nobody looked for longer', () => {
    const warned = decideStanding(GOOD_STANDING, money(1n, 0n), terms, NOW);
    if (warned === undefined) throw new Error('not warned');
    expect(decideNextStep(warned, terms, NOW + 9)).toBeUndefined();
    const grace = stepped(warned, NOW + 1_000);
    expect(grace).toMatchObject({ state: 'grace', since: NOW + 1_000, nextAt: NOW + 1_020 });
    const suspended = stepped(grace, NOW + 1_020);
    const deleting = stepped(suspended, NOW + 1_050);
    expect([suspended.state, deleting.state, deleting.nextAt]).toEqual(['suspended', 'deleting', undefined]);
    expect(decideNextStep(deleting, terms, NOW + 10_000)).toBeUndefined();
    expect([warned, grace, suspended, deleting].map(mayWork)).toEqual([true, true, false, false]);
  });

  it('is not taken down again by a clock that goes back, and not warned twice', () => {
    const warned = decideStanding(GOOD_STANDING, money(1n, 0n), terms, NOW);
    if (warned === undefined) throw new Error('not warned');
    expect(decideNextStep(warned, terms, NOW - 1_000)).toBeUndefined();
    expect(decideStanding(warned, money(0n, 0n, 9n), terms, NOW)).toBeUndefined();
  });

  it('that owes is restored by money that pays all of it, even if nothing is left, and by none that does not', () => {
    const warned: Standing = { state: 'grace', since: NOW, reason: 'time_passed', version: 4n };
    expect(decideStanding(warned, { ...money(0n, 9n), ...debt(true, true) }, terms, NOW)).toBeUndefined();
    const paid = { ...money(0n, 0n), ...debt(true, false) };
    expect(decideStanding(warned, paid, terms, NOW)).toMatchObject({ state: 'ok', reason: 'recharged' });
  });

  it.each(['warned', 'grace', 'suspended', 'deleting'] as const)('is restored by money from %s', (state) => {
    const standing: Standing = { state, since: NOW, reason: 'time_passed', version: 4n };
    expect(decideStanding(standing, money(0n, 1n), terms, NOW + 5)).toEqual({
      state: 'ok',
      since: NOW + 5,
      reason: 'recharged',
      version: 5n,
    });
  });
});
