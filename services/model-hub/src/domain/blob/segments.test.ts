import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chainOf, type Segment } from './segments.ts';

const SIZE = 40;
const anySegments = fc
  .array(fc.record({ fromByte: fc.nat({ max: SIZE }), lengthBytes: fc.nat({ max: SIZE }) }), { maxLength: 8 })
  .map((list): Segment[] => list.map((segment, index) => ({ id: `s${index}`, ...segment })));

describe('chainOf', () => {
  it('reaches exactly as far as every byte from the first on is there, and no further than the blob', () => {
    fc.assert(
      fc.property(anySegments, (segments) => {
        const has = (byte: number) => segments.some((s) => s.fromByte <= byte && byte < s.fromByte + s.lengthBytes);
        let want = 0;
        while (want < SIZE && has(want)) want++;
        expect(chainOf(segments, SIZE).reachedBytes).toBe(want);
      }),
    );
  });

  it('links tile what was reached, each within its segment', () => {
    fc.assert(
      fc.property(anySegments, (segments) => {
        const { reachedBytes, links } = chainOf(segments, SIZE);
        let position = 0;
        for (const { segment, skipBytes, lengthBytes } of links) {
          expect(segment.fromByte + skipBytes).toBe(position);
          expect(skipBytes + lengthBytes).toBeLessThanOrEqual(segment.lengthBytes);
          position += lengthBytes;
        }
        expect(position).toBe(reachedBytes);
      }),
    );
  });
});
