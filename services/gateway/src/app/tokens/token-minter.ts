import type { Clock, Instant } from '@suanli/kernel';
import type { Principal } from '../../domain/key/principal.ts';
import type { SigningKeys, TokenSigning } from './signing-keys.ts';

export type Token = { token: string; expiresAt: Instant };

export type TokenMinter = {
  /** A token for calls on the principal's behalf; good for another minute at least, unless its key ends sooner. */
  tokenFor(principal: Principal): Promise<Token>;
  /** Tokens out there live on for their five minutes; none is given out again. */
  forgetKey(keyId: string): void;
};

const LIFE_MS = 5 * 60_000;
/** A cached token is given out while it lives longer than this. */
const MIN_LEFT_MS = 60_000;
const MAX_ENTRIES = 10_000;

const ISSUER = 'suanli-gateway';
const AUDIENCE = 'suanli';

/** Mints the tokens by which services know a caller: one signature for a key in four minutes, not one for a request. */
export function createTokenMinter(deps: { keys: SigningKeys; signing: TokenSigning; clock: Clock }): TokenMinter {
  const cache = new Map<string, { keyId: string; minted: Promise<Token>; expiresAt: Instant }>();

  async function mint(principal: Principal, now: Instant, expiresAt: Instant): Promise<Token> {
    const { tenant, role, scopes } = principal;
    const claims = {
      iss: ISSUER,
      aud: AUDIENCE,
      sub: tenant.principalId,
      acc: tenant.accountId,
      ...(tenant.subAccountId !== undefined && { sac: tenant.subAccountId }),
      wsp: tenant.workspaceId,
      role,
      scopes,
      iat: Math.floor(now / 1000),
      exp: Math.floor(expiresAt / 1000),
    };
    return { token: await deps.signing.sign(deps.keys.active(), claims), expiresAt };
  }

  return {
    tokenFor(principal) {
      const now = deps.clock.now();
      const print = `${principal.keyId} ${principal.role} ${principal.scopes.join(',')}`;
      const entry = cache.get(print);
      const expiresAt = Math.min(now + LIFE_MS, principal.expiresAt ?? Number.POSITIVE_INFINITY);
      if (entry && (entry.expiresAt - now > MIN_LEFT_MS || entry.expiresAt === expiresAt)) return entry.minted;
      const oldest = cache.keys().next();
      if (cache.size >= MAX_ENTRIES && !oldest.done) cache.delete(oldest.value);
      const minted = mint(principal, now, expiresAt);
      cache.set(print, { keyId: principal.keyId, minted, expiresAt });
      // A failed signature is not kept: the next request tries again.
      minted.catch(() => cache.delete(print));
      return minted;
    },
    forgetKey(keyId) {
      for (const [print, entry] of cache) if (entry.keyId === keyId) cache.delete(print);
    },
  };
}
