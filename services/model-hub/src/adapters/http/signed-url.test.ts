import { SimClock } from '@suanli/test-kit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { UrlGrant } from '../../app/ports.ts';
import { createUrlSigner } from './signed-url.ts';

const clock = new SimClock();
const signer = createUrlSigner({ key: Buffer.alloc(32, 7), baseUrl: 'http://hub.test:8080', clock });
const aGrant = (grant: Partial<UrlGrant> = {}): UrlGrant => ({
  access: 'read',
  path: `/blobs/${'a'.repeat(64)}`,
  accountId: 'acc_1',
  expiresAt: clock.now() + 60_000,
  ...grant,
});
/** As the server sees it: path and query. */
const asRequest = (url: string) => url.slice('http://hub.test:8080'.length);

describe('signed URLs', () => {
  it('what was signed is granted, with any account and file name', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string({ unit: 'grapheme' }), (accountId, filename) => {
        fc.pre(accountId.isWellFormed() && filename.isWellFormed());
        const url = asRequest(signer.sign(aGrant({ accountId, filename })));
        expect(signer.check('read', url)).toEqual({ kind: 'ok', accountId, ...(filename !== '' && { filename }) });
      }),
    );
  });

  it('no change of any character leaves it valid for anything else', () => {
    const url = asRequest(signer.sign(aGrant()));
    // The last character of base64 carries two bits that mean nothing; everything else counts.
    const anyPlace = fc.nat({ max: url.length - 2 });
    fc.assert(
      fc.property(anyPlace, fc.constantFrom('0', 'b', 'Z', '_', '&', '%'), (at, character) => {
        const tampered = url.slice(0, at) + character + url.slice(at + 1);
        fc.pre(tampered !== url);
        expect(signer.check('read', tampered).kind).toBe('invalid');
      }),
    );
    expect(signer.check('read', url).kind).toBe('ok');
  });

  it.each([
    ['another account', (url: string) => url.replace('acc_1', 'acc_2')],
    ['a later expiry', (url: string) => url.replace(/expires=\d+/, 'expires=99999999999')],
    ['another blob', (url: string) => url.replaceAll('aaaa', 'bbbb')],
    ['the account twice', (url: string) => `${url}&account=acc_2`],
    ['no signature', (url: string) => url.replace(/&signature=.*/, '')],
    ['no query', (url: string) => url.replace(/\?.*/, '')],
  ])('%s is refused', (_story, change) => {
    expect(signer.check('read', change(asRequest(signer.sign(aGrant()))))).toEqual({ kind: 'invalid' });
  });

  it('a URL to read does not write, nor one of another key anything', () => {
    expect(signer.check('write', asRequest(signer.sign(aGrant())))).toEqual({ kind: 'invalid' });
    const other = createUrlSigner({ key: Buffer.alloc(32, 8), baseUrl: 'http://hub.test:8080', clock });
    expect(other.check('read', asRequest(signer.sign(aGrant())))).toEqual({ kind: 'invalid' });
  });

  it('ends at its expiry', () => {
    const url = asRequest(signer.sign(aGrant({ expiresAt: clock.now() })));
    expect(signer.check('read', url)).toEqual({ kind: 'expired' });
  });
});
