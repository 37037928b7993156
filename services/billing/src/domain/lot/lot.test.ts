import { describe, expect, it } from 'vitest';
import { aLot, aWallet, HOUR_MS, NOW } from '../../testing/builders.ts';
import { appliesTo, inOrderOfUse, isInEffect, lotStatus } from './lot.ts';
import { partsOf, spendableMicros } from './purse.ts';

const anyScope = { product: 'job', item: 'gpu.a100-80g', region: 'cn-shanghai' };

describe('the order of use', () => {
  it('is priority, then what expires first, then age; cash is last by having no lot', () => {
    const lots = [
      aLot({ id: 'lot_5', priority: 2, expiresAt: NOW + 1 }),
      aLot({ id: 'lot_4', priority: 1 }),
      aLot({ id: 'lot_3', priority: 1, expiresAt: NOW + 9 }),
      aLot({ id: 'lot_2', priority: 1, expiresAt: NOW + 9 }),
      aLot({ id: 'lot_1', priority: 1, expiresAt: NOW + 8 }),
    ];
    expect(lots.sort(inOrderOfUse).map((lot) => lot.id)).toEqual(['lot_1', 'lot_2', 'lot_3', 'lot_4', 'lot_5']);
  });
});

describe('what credit applies to', () => {
  it.each([
    ['without a restriction, to everything', {}, anyScope, true],
    ['to what it names', { items: ['gpu.a100-80g'], regions: ['cn-shanghai'] }, anyScope, true],
    ['not to another item', { items: ['gpu.h100-80g'] }, anyScope, false],
    ['not to another region', { regions: ['cn-beijing'] }, anyScope, false],
    ['not to another product', { products: ['inference'] }, anyScope, false],
    ['only where all lists admit it', { products: ['job'], regions: ['cn-beijing'] }, anyScope, false],
    ['not to what does not say what it is', { items: ['gpu.a100-80g'] }, { ...anyScope, item: '' }, false],
  ])('%s', (_story, restriction, scope, applies) => {
    const applicability = { products: [], items: [], regions: [], ...restriction };
    expect(appliesTo(aLot({ applicability }), scope)).toBe(applies);
  });
});

describe('at the very instant', () => {
  const today = aLot({ id: 'lot_1', effectiveAt: NOW, expiresAt: NOW + HOUR_MS });
  const tomorrow = aLot({ id: 'lot_2', effectiveAt: NOW + HOUR_MS, expiresAt: NOW + 2 * HOUR_MS });

  it('of its expiry a lot pays no longer, and of its beginning it does', () => {
    expect([NOW - 1, NOW, NOW + HOUR_MS - 1, NOW + HOUR_MS].map((at) => isInEffect(today, at))).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  it('one of two grants in a row pays, never both and never none', () => {
    const purse = {
      wallet: aWallet({ postedMicros: 20n, lotRemainingMicros: 20n, lotCount: 2 }),
      lots: [today, tomorrow],
    };
    for (const at of [NOW + HOUR_MS - 1, NOW + HOUR_MS, NOW + HOUR_MS + 1]) {
      expect(spendableMicros(purse, anyScope, at)).toBe(10n);
      expect(partsOf(15n, purse, anyScope, at)).toHaveLength(1);
    }
  });

  it('says so in its status', () => {
    expect(lotStatus(tomorrow, NOW)).toBe('scheduled');
    expect(lotStatus(tomorrow, NOW + HOUR_MS)).toBe('active');
    expect(lotStatus(today, NOW + HOUR_MS)).toBe('expired');
    expect(lotStatus({ ...today, remainingMicros: 0n, brokenMicros: 4n }, NOW + HOUR_MS)).toBe('expired');
    expect(lotStatus({ ...today, remainingMicros: 0n }, NOW + HOUR_MS)).toBe('exhausted');
  });
});
