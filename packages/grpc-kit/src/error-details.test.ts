import { status } from '@grpc/grpc-js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundText, decodeDetails, encodeDetails, ERROR_DOMAIN } from './error-details.ts';
import { MAX_DETAILS_BYTES, MAX_METADATA_ENTRIES, MAX_METADATA_VALUE_CHARS } from './limits.ts';

const words = fc.string({ unit: 'grapheme', maxLength: 30 });

describe('error details', () => {
  it('bring back the reason and the figures of any refusal of ordinary size', () => {
    const metadata = fc.dictionary(fc.string({ minLength: 1, maxLength: 20 }), words, {
      maxKeys: MAX_METADATA_ENTRIES,
    });
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Z][A-Z_]{0,30}$/), words, metadata, (reason, message, figures) => {
        const info = decodeDetails(encodeDetails({ code: status.NOT_FOUND, reason, message, metadata: figures }));
        expect(info).toEqual({ reason, domain: ERROR_DOMAIN, metadata: figures });
      }),
    );
  });

  it('never grow beyond their bound, and keep the reason when figures are cut', () => {
    const metadata = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`key${i}`, '满'.repeat(2_000)]));
    const bytes = encodeDetails({ code: status.ABORTED, reason: 'TOO_MUCH', message: '满'.repeat(9_000), metadata });
    expect(bytes.length).toBeLessThanOrEqual(MAX_DETAILS_BYTES);
    const info = decodeDetails(bytes);
    expect(info?.reason).toBe('TOO_MUCH');
    expect(info?.metadata['key0']).toHaveLength(MAX_METADATA_VALUE_CHARS);
  });

  it('of a peer that sends nonsense are just missing', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => void decodeDetails(bytes)));
    expect(decodeDetails(Buffer.from('ffffffff', 'hex'))).toBeUndefined();
  });

  it('have no lone surrogates, at which the transport would throw', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 5 }), (text, max) => {
        expect(() => encodeURI(boundText(text, max))).not.toThrow();
      }),
    );
    expect(() => encodeURI(boundText('ab\u{1F600}cd', 4))).not.toThrow();
  });
});
