import fc from 'fast-check';
import { mulDivFloor } from '@suanli/kernel';
import { describe, expect, it } from 'vitest';
import { findPrice, type Price } from './price.ts';
import { UNIT } from './price-model.ts';
import { quoteUsage } from './quote.ts';

function aPrice(changes: Partial<Price> = {}): Price {
  const price = {
    id: 'prc_1',
    version: 1,
    meter: 'gpu_time',
    region: '',
    item: '*',
    amountMicros: 7n,
    perQuantity: 3n,
  };
  return { ...price, accountId: '', model: UNIT, currency: 'CNY', effectiveFrom: 0, display: '', ...changes };
}

const asked = { meter: 'gpu_time', region: 'cn-hefei', item: 'gpu.l40s-48g' };

describe('findPrice', () => {
  const everything = aPrice({ id: 'everything' });
  const region = aPrice({ id: 'region', region: 'cn-hefei' });
  const item = aPrice({ id: 'item', item: 'gpu.l40s-48g' });
  const both = aPrice({ id: 'both', region: 'cn-hefei', item: 'gpu.l40s-48g' });
  const foreign = aPrice({ id: 'foreign', region: 'cn-shanghai', item: 'gpu.l40s-48g' });

  it.each([
    ['the item in the region', [everything, region, item, both, foreign], 'both'],
    ['then the item in every region', [everything, region, item, foreign], 'item'],
    ['then every item in the region', [everything, region, foreign], 'region'],
    ['then everything', [everything, foreign], 'everything'],
  ])('prefers %s', (_story, book, id) => {
    expect(findPrice(book, asked, 0)?.id).toBe(id);
    expect(findPrice(book.toReversed(), asked, 0)?.id).toBe(id);
  });

  it('takes the version that was in effect then', () => {
    const book = [
      aPrice({ id: 'v1' }),
      aPrice({ id: 'v2', version: 2, effectiveFrom: 100 }),
      aPrice({ id: 'v3', version: 3, effectiveFrom: 100 }),
    ];
    expect([0, 99, 100].map((at) => findPrice(book, asked, at)?.id)).toEqual(['v1', 'v1', 'v3']);
  });

  it('takes the account’s own before everything else, for that account alone', () => {
    const own = aPrice({ id: 'own', accountId: 'acc_1' });
    const book = [everything, both, own];
    expect(findPrice(book, { ...asked, accountId: 'acc_1' }, 0)?.id).toBe('own');
    expect(findPrice(book, { ...asked, accountId: 'acc_2' }, 0)?.id).toBe('both');
    expect(findPrice(book, asked, 0)?.id).toBe('both');
  });

  it('falls back to the wider price from the instant at which the narrower one is withdrawn', () => {
    const withdrawn = { ...both, id: 'gone', version: 2, model: { kind: 'withdrawn' as const }, effectiveFrom: 100 };
    const book = [everything, both, withdrawn];
    expect([99, 100].map((at) => findPrice(book, asked, at)?.id)).toEqual(['both', 'everything']);
    expect(findPrice([both, withdrawn], asked, 100)).toBeUndefined();
  });

  it('finds none before the first version, for another region, or for another meter', () => {
    expect(findPrice([aPrice({ effectiveFrom: 1 })], asked, 0)).toBeUndefined();
    expect(findPrice([foreign], asked, 0)).toBeUndefined();
    expect(findPrice([aPrice({ meter: 'tokens_input' })], asked, 0)).toBeUndefined();
  });
});

describe('quoteUsage', () => {
  it('covers the charge, and by less than one micro-yuan a line', () => {
    fc.assert(
      fc.property(
        fc.bigInt(0n, 10n ** 15n),
        fc.bigInt(0n, 10n ** 9n),
        fc.bigInt(1n, 10n ** 10n),
        (quantity, amountMicros, perQuantity) => {
          const quoted = quoteUsage(
            { prices: [aPrice({ amountMicros, perQuantity })], discounts: [] },
            [{ ...asked, quantity }],
            0,
          );
          const charge = mulDivFloor(quantity, amountMicros, perQuantity);
          if (charge > 2n ** 62n) return;
          if (quoted.kind !== 'quoted') throw new Error(quoted.reason);
          expect(quoted.totalMicros === charge || quoted.totalMicros === charge + 1n).toBe(true);
        },
      ),
    );
  });

  it.each([
    ['price_not_found', { ...asked, meter: 'coffee', quantity: 1n }],
    ['quantity_out_of_range', { ...asked, quantity: -1n }],
    ['quantity_out_of_range', { ...asked, quantity: 2n ** 63n }],
  ] as const)('refuses with %s', (reason, line) => {
    expect(quoteUsage({ prices: [aPrice()], discounts: [] }, [line], 0)).toMatchObject({ kind: 'refused', reason });
  });
});
