import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aLot, aWallet, NOW } from '../../testing/builders.ts';
import { sumOf } from '../ledger/transfer.ts';
import { giveBack, RENEWED_CREDIT_MS } from './give-back.ts';

const ctx = { now: NOW, newId: (prefix: string) => `${prefix}_new` };
const first = aLot({ id: 'lot_first', priority: 1 });
const last = aLot({ id: 'lot_last', priority: 2 });
const nothingBack = { refundedMicros: 0n, creditedMicros: 0n, voidCreditMicros: 0n };
const paid = {
  id: 'bil_1',
  amountMicros: 30n,
  writtenOffMicros: 5n,
  ...nothingBack,
  credit: [
    { lot: first, amountMicros: 10n },
    { lot: last, amountMicros: 7n },
  ],
};

describe('money back', () => {
  it.each([
    ['first to the platform, which bore the last of it', 4n, { writtenOffMicros: 4n, walletMicros: 0n, lotParts: [] }],
    ['then as cash', 12n, { writtenOffMicros: 5n, walletMicros: 7n, lotParts: [] }],
    [
      'then as the credit that was used last',
      15n,
      { writtenOffMicros: 5n, walletMicros: 10n, lotParts: [{ lotId: 'lot_last', amountMicros: 2n }] },
    ],
    [
      'in the end as all of the credit',
      30n,
      {
        writtenOffMicros: 5n,
        walletMicros: 25n,
        lotParts: [
          { lotId: 'lot_last', amountMicros: 7n },
          { lotId: 'lot_first', amountMicros: 10n },
        ],
      },
    ],
  ])('goes %s', (_story, amount, back) => {
    expect(giveBack(amount, paid, aWallet(), ctx)).toMatchObject({ ...back, newLots: [] });
  });

  it('comes back as new credit for the same things where the old has expired, for 30 days', () => {
    const applicability = { products: ['job'], items: [], regions: [] };
    const expired = { ...last, expiresAt: NOW, applicability };
    const credit = [{ lot: expired, amountMicros: 30n }];
    const back = giveBack(6n, { ...paid, writtenOffMicros: 0n, credit }, aWallet(), ctx);
    expect(back.newLots).toMatchObject([
      { kind: 'compensation', priority: 2, applicability, grantedMicros: 6n, expiresAt: NOW + RENEWED_CREDIT_MS },
    ]);
    expect(back.lotParts).toEqual([{ lotId: 'lot_new', amountMicros: 6n }]);
  });

  it('is the whole amount, never more than anyone paid', () => {
    const parts = fc.record({
      borne: fc.bigInt(0n, 9n),
      cash: fc.bigInt(0n, 9n),
      one: fc.bigInt(0n, 9n),
      two: fc.bigInt(0n, 9n),
    });
    fc.assert(
      fc.property(parts, fc.bigInt(0n, 36n), ({ borne, cash, one, two }, wish) => {
        const amountMicros = borne + cash + one + two;
        fc.pre(wish <= amountMicros);
        const credit = [
          { lot: first, amountMicros: one },
          { lot: last, amountMicros: two },
        ];
        const back = giveBack(
          wish,
          { id: 'bil_1', amountMicros, writtenOffMicros: borne, ...nothingBack, credit },
          aWallet(),
          ctx,
        );
        expect(back.writtenOffMicros + back.walletMicros).toBe(wish);
        expect(back.writtenOffMicros <= borne && sumOf(back.lotParts) <= one + two).toBe(true);
        expect(back.walletMicros - sumOf(back.lotParts) <= cash).toBe(true);
      }),
    );
    expect(() => giveBack(31n, paid, aWallet(), ctx)).toThrow('charged before');
  });
});
