import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashBody } from './requests.ts';

describe('hashBody', () => {
  it('does not depend on the order of keys', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (body) => {
        expect(hashBody(Object.fromEntries(Object.entries(body).reverse()))).toBe(hashBody(body));
      }),
    );
  });

  it('differs for bodies that differ', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        // JSON has no -0 and no order of keys: compare what the canonical form may tell apart.
        fc.pre(JSON.stringify(a) !== JSON.stringify(b) && hasSimpleKeys(a) && hasSimpleKeys(b));
        expect(hashBody(a)).not.toBe(hashBody(b));
      }),
    );
  });

  it('takes an int64 as the decimal string that protobuf-JSON makes of it', () => {
    expect(hashBody({ amount: 9007199254740993n })).toBe(hashBody({ amount: '9007199254740993' }));
  });

  it('takes a field left out as one that is undefined', () => {
    expect(hashBody({ a: 1, b: undefined })).toBe(hashBody({ a: 1 }));
  });
});

/** Objects with at most one key, so that two texts that differ are two values that differ. */
function hasSimpleKeys(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(hasSimpleKeys);
  if (typeof value === 'object' && value !== null) {
    return Object.keys(value).length <= 1 && Object.values(value).every(hasSimpleKeys);
  }
  return true;
}
