import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8Joiner } from './utf8-joiner.ts';

describe('utf8Joiner', () => {
  it('gives back the text however its bytes are cut, and never half a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.array(fc.nat(20), { maxLength: 20 }), (text, sizes) => {
        const bytes = Buffer.from(text, 'utf8');
        const joiner = utf8Joiner();
        let joined = '';
        let at = 0;
        for (const size of [...sizes, bytes.length]) {
          joined += joiner.push(bytes.subarray(at, at + size));
          at = Math.min(bytes.length, at + size);
          expect(Buffer.byteLength(joined) + joiner.pendingBytes()).toBe(at);
        }
        expect(joined).toBe(text);
        expect(joiner.pendingBytes()).toBe(0);
      }),
    );
  });

  it('does not wait for ever for bytes that are no text', () => {
    const joiner = utf8Joiner();
    expect(joiner.push(Buffer.from([0xff, 0xfe, 0x80, 0x41]))).toContain('A');
  });
});
