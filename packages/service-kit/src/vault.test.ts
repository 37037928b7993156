import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createVault } from './vault.ts';

/** What the cipher says of a text, key or purpose that does not fit. */
const UNREADABLE = 'unable to authenticate data';

describe('the vault', () => {
  const vault = createVault(randomBytes(32));

  it('opens what it sealed, for the same purpose alone', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }).filter((text) => text !== ''),
        fc.string(),
        (text, purpose) => {
          const sealed = vault.seal(text, purpose);
          expect(vault.open(sealed, purpose)).toBe(text);
          expect(() => vault.open(sealed, `${purpose}x`)).toThrow(UNREADABLE);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('opens nothing that was changed, or sealed under another master key', () => {
    const sealed = vault.seal('secret', 'test');
    const flipped = sealed.slice(0, -2) + (sealed.endsWith('AA') ? 'BB' : 'AA');
    expect(() => vault.open(flipped, 'test')).toThrow(UNREADABLE);
    expect(() => createVault(randomBytes(32)).open(sealed, 'test')).toThrow(UNREADABLE);
  });

  it('seals the same text differently each time', () => {
    expect(vault.seal('secret', 'test')).not.toBe(vault.seal('secret', 'test'));
  });
});
