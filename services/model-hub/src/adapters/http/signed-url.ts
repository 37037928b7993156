import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock } from '@suanli/kernel';
import type { UrlGrant } from '../../app/ports.ts';

export type UrlCheck = { kind: 'ok'; accountId: string; filename?: string } | { kind: 'invalid' } | { kind: 'expired' };

export type UrlSigner = {
  sign(grant: UrlGrant): string;
  /** What a request's URL grants for this kind of access; `invalid` covers every way of having no right signature. */
  check(access: UrlGrant['access'], requestUrl: string): UrlCheck;
};

type Signed = { access: string; path: string; account: string; expires: string; filename: string };

/**
 * URLs that carry their own permission: HMAC-SHA256 over the kind of access, the path, the account, the expiry and the
 * file name. Nothing of them can be changed, exchanged between accounts, or used for another kind of access.
 */
export function createUrlSigner(options: { key: Buffer; baseUrl: string; clock: Clock }): UrlSigner {
  const { key, baseUrl, clock } = options;

  function signatureOf({ access, path, account, expires, filename }: Signed): Buffer {
    // JSON, because no choice of values can make two different lists look alike.
    return createHmac('sha256', key)
      .update(JSON.stringify([access, path, account, expires, filename]))
      .digest();
  }

  return {
    sign({ access, path, accountId, expiresAt, filename = '' }) {
      const url = new URL(path, baseUrl);
      const expires = String(Math.floor(expiresAt / 1000));
      url.searchParams.set('account', accountId);
      url.searchParams.set('expires', expires);
      if (filename !== '') url.searchParams.set('filename', filename);
      const signature = signatureOf({ access, path, account: accountId, expires, filename });
      url.searchParams.set('signature', signature.toString('base64url'));
      return url.toString();
    },

    check(access, requestUrl) {
      const question = requestUrl.indexOf('?');
      const query = new URLSearchParams(question < 0 ? '' : requestUrl.slice(question + 1));
      const path = question < 0 ? requestUrl : requestUrl.slice(0, question);
      const only = (name: string) => (query.getAll(name).length === 1 ? (query.get(name) ?? '') : '');
      const [account, expires, filename] = [only('account'), only('expires'), only('filename')];
      const given = Buffer.from(only('signature'), 'base64url');
      const right = signatureOf({ access, path, account, expires, filename });
      if (given.length !== right.length || !timingSafeEqual(given, right)) return { kind: 'invalid' };
      if (clock.now() >= Number(expires) * 1000) return { kind: 'expired' };
      return { kind: 'ok', accountId: account, ...(filename !== '' && { filename }) };
    },
  };
}
