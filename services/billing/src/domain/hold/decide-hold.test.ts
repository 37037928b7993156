import { describe, expect, it } from 'vitest';
import { aHold, aTenantPath, aWallet, HOUR_MS, NOW } from '../../testing/builders.ts';
import type { Wallet } from '../ledger/wallet.ts';
import type { Purse } from '../lot/purse.ts';
import { decideClose, decideExpire, decideExtend, decidePlace, decideSettled } from './decide-hold.ts';
import { MAX_AMOUNT_MICROS } from './hold.ts';

const ctx = { now: NOW, newId: (prefix: string) => `${prefix}_new`, lot: () => undefined, lateUsageMs: 60_000 };
const purseOf = (wallet: Wallet): Purse => ({ wallet, lots: [] });
const purpose = { kind: 'job', id: 'job_1', epoch: 1 };
const command = { tenant: aTenantPath(), amountMicros: 100n, expiresAt: NOW + HOUR_MS, purpose };

describe('decidePlace', () => {
  it('reserves the amount and keeps the hold for late usage after its expiry', () => {
    const decision = decidePlace(purseOf(aWallet({ postedMicros: 100n })), command, ctx);
    expect(decision).toMatchObject({
      kind: 'changed',
      hold: { amountMicros: 100n, releaseAt: NOW + HOUR_MS + 60_000 },
      transfers: [{ kind: 'pending', amountMicros: 100n, fromAccountId: 'wlt_1' }],
    });
  });

  it.each([
    [
      'money that other holds have is not there',
      aWallet({ postedMicros: 150n, pendingMicros: 60n }),
      {},
      'insufficient_funds',
      10n,
    ],
    ['an overdraft counts as money', aWallet({ overdraftMicros: 70n }), {}, 'insufficient_funds', 30n],
    ['a frozen account pays nothing new', aWallet({ postedMicros: 500n, status: 'frozen' }), {}, 'account_frozen', 0n],
    ['no wallet, no hold', undefined, {}, 'wallet_not_found', 0n],
    ['nothing is not an amount', aWallet({ postedMicros: 500n }), { amountMicros: 0n }, 'amount_out_of_range', 0n],
    [
      'less than nothing is not an amount',
      aWallet({ postedMicros: 500n }),
      { amountMicros: -1n },
      'amount_out_of_range',
      0n,
    ],
    ['an absurd amount is none', aWallet(), { amountMicros: MAX_AMOUNT_MICROS + 1n }, 'amount_out_of_range', 0n],
    ['a hold must have time left', aWallet({ postedMicros: 500n }), { expiresAt: NOW }, 'expiry_in_past', 0n],
  ] as const)('%s', (_story, wallet, changes, reason, missingMicros) => {
    expect(decidePlace(wallet && purseOf(wallet), { ...command, ...changes }, ctx)).toEqual({
      kind: 'refused',
      refusal: { reason, missingMicros },
    });
  });
});

describe('decideExtend', () => {
  const wallet = aWallet({ postedMicros: 150n, pendingMicros: 100n });
  const extend = { holdId: 'hld_1', amountMicros: 120n, expiresAt: NOW + 2 * HOUR_MS };

  it('reserves only the difference, and never shortens the time', () => {
    const longer = aHold({ expiresAt: NOW + 5 * HOUR_MS });
    expect(decideExtend(purseOf(wallet), longer, extend, ctx)).toMatchObject({
      hold: { amountMicros: 120n, expiresAt: NOW + 5 * HOUR_MS },
      transfers: [{ kind: 'pending', amountMicros: 20n }],
    });
  });

  it.each([
    ['money only grows', aHold({ amountMicros: 121n }), 'amount_out_of_range', 0n],
    ['what is closed stays closed', aHold({ status: 'closed' }), 'hold_not_active', 0n],
    ['what is expired stays expired', aHold({ status: 'expired' }), 'hold_not_active', 0n],
    ['the shortfall is that of the difference', aHold({ amountMicros: 60n }), 'insufficient_funds', 10n],
  ] as const)('%s', (_story, hold, reason, missingMicros) => {
    expect(decideExtend(purseOf(wallet), hold, extend, ctx)).toEqual({
      kind: 'refused',
      refusal: { reason, missingMicros },
    });
  });

  it('only moves the time when the amount is the same, also for a frozen account', () => {
    const decision = decideExtend(
      purseOf(aWallet({ status: 'frozen' })),
      aHold(),
      { ...extend, amountMicros: 100n },
      ctx,
    );
    expect(decision).toMatchObject({ kind: 'changed', transfers: [], hold: { expiresAt: NOW + 2 * HOUR_MS } });
  });
});

describe('the end of a hold', () => {
  const used = aHold({ capturedMicros: 30n });

  it('gives back the remainder at once when no usage is awaited', () => {
    expect(decideClose(used, undefined, ctx)).toMatchObject({
      hold: { status: 'closed', releasedMicros: 70n, resolvedAt: NOW },
      transfers: [{ kind: 'void_pending', code: 'release', amountMicros: 70n }],
    });
  });

  it('keeps the remainder for the usage event that is awaited, and gives it back once that was rated', () => {
    const waiting = decideClose(used, 'use_9', ctx);
    expect(waiting).toMatchObject({ hold: { status: 'closed', awaitsUsageId: 'use_9' }, transfers: [] });
    if (waiting.kind !== 'changed') throw new Error('the hold was not closed');
    expect(decideSettled(waiting.hold, ctx)).toMatchObject({ hold: { releasedMicros: 70n, resolvedAt: NOW } });
  });

  it('moves no money when everything was captured', () => {
    expect(decideClose(aHold({ capturedMicros: 100n }), undefined, ctx)).toMatchObject({
      kind: 'changed',
      transfers: [],
    });
  });

  it('comes by time only when late usage can no longer come', () => {
    const hold = aHold({ expiresAt: NOW - 1, releaseAt: NOW + 1 });
    expect(decideExpire(hold, ctx)).toEqual({ kind: 'unchanged', hold });
    expect(decideExpire(hold, { ...ctx, now: NOW + 1 })).toMatchObject({
      hold: { status: 'expired', releasedMicros: 100n },
    });
  });

  it('comes once', () => {
    const ended = aHold({ status: 'expired', releasedMicros: 100n, resolvedAt: NOW, releaseAt: NOW });
    for (const again of [decideClose(ended, undefined, ctx), decideSettled(ended, ctx), decideExpire(ended, ctx)]) {
      expect(again).toEqual({ kind: 'unchanged', hold: ended });
    }
  });
});
