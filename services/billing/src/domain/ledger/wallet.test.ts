import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aWallet, NOW } from '../../testing/builders.ts';
import { legsOf, transferOf, type TransferKind } from './transfer.ts';
import { levelChange, levelOf, withTransfer } from './wallet.ts';

const KINDS: TransferKind[] = ['post', 'pending', 'post_pending', 'void_pending'];

function aTransfer(kind: TransferKind, amountMicros: bigint) {
  return transferOf({
    id: 'trf_1',
    kind,
    code: 'charge',
    fromAccountId: 'wlt_1',
    toAccountId: 'platform:revenue',
    amountMicros,
    ...(kind !== 'post' && { holdId: 'hld_1' }),
    reference: '',
    createdAt: NOW,
  });
}

describe('a transfer', () => {
  it('sums to zero in both phases, whatever its kind and amount', () => {
    fc.assert(
      fc.property(fc.constantFrom(...KINDS), fc.bigInt(1n, 2n ** 62n), (kind, amount) => {
        const [from, to] = legsOf(aTransfer(kind, amount));
        expect(from.postedMicros + to.postedMicros).toBe(0n);
        expect(from.pendingMicros + to.pendingMicros).toBe(0n);
      }),
    );
  });

  it('moves something, between two accounts', () => {
    expect(() => aTransfer('post', 0n)).toThrow('moves nothing');
    expect(() => transferOf({ ...aTransfer('post', 1n), toAccountId: 'wlt_1' })).toThrow('one account');
  });
});

describe('withTransfer', () => {
  it('leaves what is available alone when a hold is captured', () => {
    const wallet = aWallet({ postedMicros: 100n, pendingMicros: 40n });
    expect(withTransfer(wallet, aTransfer('post_pending', 40n))).toMatchObject({
      postedMicros: 60n,
      pendingMicros: 0n,
      sequence: 1n,
    });
  });

  it('never goes below the floor', () => {
    expect(() => withTransfer(aWallet({ postedMicros: 5n }), aTransfer('post', 6n))).toThrow('below its floor');
    expect(withTransfer(aWallet({ postedMicros: 5n, overdraftMicros: 1n }), aTransfer('post', 6n)).postedMicros).toBe(
      -1n,
    );
  });
});

describe('the level of a wallet', () => {
  it.each([
    [0n, 'exhausted'],
    [99n, 'low'],
    [100n, 'ok'],
  ] as const)('with %s available is %s', (postedMicros, level) => {
    expect(levelOf(aWallet({ postedMicros }), 100n)).toBe(level);
  });

  it.each([
    ['ok', 'low', 'ran_low'],
    ['ok', 'exhausted', 'exhausted'],
    ['low', 'exhausted', 'exhausted'],
    ['exhausted', 'low', 'restored'],
    ['low', 'ok', 'restored'],
    ['low', 'low', undefined],
  ] as const)('from %s to %s tells %s', (from, to, told) => {
    expect(levelChange(from, to)).toBe(told);
  });
});
