import { systemIds } from '@suanli/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findReferences, referenceOf } from './reference-code.ts';

const id = 'rch_01k9xw3m5z0123456789abcdef';
const code = referenceOf(id);

describe('a reference code', () => {
  it.each([
    ['alone', code],
    ['in lower case', code.toLowerCase()],
    ['with dashes and spaces', code.replace(/(.{4})/g, '$1- ')],
    ['among other words', `充值 invoice 12 ${code} 谢谢`],
    [
      'in full-width letters',
      code
        .split('')
        .map((one) => String.fromCodePoint((one.codePointAt(0) ?? 0) + 0xfee0))
        .join(''),
    ],
    ['with O for 0 and l for 1', code.replaceAll('0', 'O').replaceAll('1', 'l')],
  ])('is found %s', (_how, note) => {
    expect(findReferences(note)).toEqual([code]);
  });

  it('is found whatever the id, twice when there are two, once when it is repeated', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000 }), fc.string({ maxLength: 20 }), () => {
        const [one, two] = [referenceOf(systemIds.next('rch')), referenceOf(systemIds.next('rch'))];
        expect(findReferences(`${one}/${two}/${one}`)).toEqual([one, two]);
      }),
    );
  });

  it('is not found inside another, whatever its characters happen to say', () => {
    const inner = referenceOf('rch_01k9xw3m5z0123456789000000');
    for (let n = 0; n < 1_000; n++) {
      const outer = referenceOf(`rch_0s1${n.toString().padStart(9, '0')}`);
      expect(findReferences(`${outer}${inner}`)).toEqual([outer, inner]);
    }
  });

  it('is not found with one wrong character: money goes to nobody rather than to another', () => {
    for (let at = 2; at < code.length - 1; at++) {
      const slip = code[at] === '7' ? '8' : '7';
      expect(findReferences(`${code.slice(0, at)}${slip}${code.slice(at + 1)}`)).toEqual([]);
    }
  });

  it('is nothing in notes without one, however long', () => {
    expect(findReferences('')).toEqual([]);
    expect(findReferences('SL')).toEqual([]);
    expect(findReferences('S1'.repeat(10_000))).toEqual([]);
  });
});
