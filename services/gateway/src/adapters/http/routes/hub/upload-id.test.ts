import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readUploadId, writeUploadId } from './upload-id.ts';

const HEX_DIGITS = Array.from({ length: 16 }, (_, digit) => digit.toString(16));

describe('ids of uploads', () => {
  it('lead back to the blob', () => {
    const blobs = fc.record({
      sha256: fc.string({ unit: fc.constantFrom(...HEX_DIGITS), minLength: 64, maxLength: 64 }),
      sizeBytes: fc.bigInt({ min: 0n, max: BigInt(Number.MAX_SAFE_INTEGER) }),
    });
    fc.assert(
      fc.property(blobs, (blob) => {
        expect(readUploadId(writeUploadId(blob))).toEqual(blob);
      }),
    );
  });

  it('are not made of anything else', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(readUploadId(text)).toBeUndefined();
      }),
    );
  });
});
