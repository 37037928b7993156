import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ALPHABET, newVoucherCode, readVoucherCode } from './voucher-code.ts';

const codes = fc.uint8Array({ minLength: 200, maxLength: 200 }).map((bytes) => {
  let at = 0;
  // Runs out of chance only where every byte is an unfair one: then it goes on with zeros.
  return newVoucherCode((size) => {
    at += size;
    return at > bytes.length ? new Uint8Array(size) : bytes.slice(at - size, at);
  });
});
const symbolAt = fc.integer({ min: 0, max: 19 });

describe('a voucher code', () => {
  it('is read however it is typed', () => {
    fc.assert(
      fc.property(codes, (code) => {
        expect(code).toMatch(/^([2-9A-Z]{5}-){3}[2-9A-Z]{5}$/);
        expect(readVoucherCode(code)).toBe(code);
        expect(readVoucherCode(` ${code.toLowerCase().replaceAll('-', ' ')} `)).toBe(code);
      }),
    );
  });

  it('shows any one symbol that was mistyped', () => {
    fc.assert(
      fc.property(codes, symbolAt, fc.constantFrom(...Array.from(ALPHABET)), (code, at, wrong) => {
        const symbols = Array.from(code.replaceAll('-', ''));
        fc.pre(symbols[at] !== wrong);
        expect(readVoucherCode(symbols.with(at, wrong).join(''))).toBeUndefined();
      }),
    );
  });

  it('shows any two neighbours that changed places', () => {
    fc.assert(
      fc.property(codes, fc.integer({ min: 0, max: 17 }), (code, at) => {
        const symbols = Array.from(code.replaceAll('-', ''));
        const [one = '', other = ''] = [symbols[at], symbols[at + 1]];
        fc.pre(one !== other);
        expect(
          readVoucherCode(
            symbols
              .with(at, other)
              .with(at + 1, one)
              .join(''),
          ),
        ).toBeUndefined();
      }),
    );
  });

  it.each(['', 'A', '0'.repeat(20), 'AAAAA-AAAAA-AAAAA-AAAAAA', 'ÄAAAA-AAAAA-AAAAA-AAAAA'])('is not %j', (typed) => {
    expect(readVoucherCode(typed)).toBeUndefined();
  });
});
