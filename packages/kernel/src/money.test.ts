import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatYuan, MAX_MICROS, mulDivCeil, mulDivFloor, parseMicros } from './money.ts';

const amount = fc.bigInt({ min: 0n, max: MAX_MICROS });
const positive = fc.bigInt({ min: 1n, max: MAX_MICROS });

describe('parseMicros', () => {
  it.each(['', ' 1', '1 ', '01', '+1', '1.0', '1e3', '0x1', '9223372036854775808', '-9223372036854775808', '１'])(
    'refuses %j',
    (text) => {
      expect(parseMicros(text)).toBeUndefined();
    },
  );

  it('reads back every amount that 64 bits hold', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -MAX_MICROS, max: MAX_MICROS }), (micros) => {
        expect(parseMicros(String(micros))).toBe(micros);
      }),
    );
  });
});

describe('mulDivFloor and mulDivCeil', () => {
  it('enclose the exact value, and meet where it is whole', () => {
    fc.assert(
      fc.property(amount, amount, positive, (a, b, c) => {
        const [low, high] = [mulDivFloor(a, b, c), mulDivCeil(a, b, c)];
        expect(low * c <= a * b && a * b <= high * c).toBe(true);
        expect(high - low).toBe((a * b) % c === 0n ? 0n : 1n);
      }),
    );
  });
});

describe('formatYuan', () => {
  it.each([
    [0n, '¥0.00'],
    [2_500_000n, '¥2.50'],
    [-1n, '-¥0.000001'],
    [1_000_000_000_000n, '¥1000000.00'],
    [3_929n, '¥0.003929'],
  ])('writes %s micros as %s', (micros, text) => expect(formatYuan(micros)).toBe(text));
});
