import { decodeProtectedHeader, errors, jwtVerify, type JWTPayload } from 'jose';
import { systemClock, type Clock, type Logger, type Role } from '@suanli/kernel';
import { CLOCK_TOLERANCE_MS, MAX_TOKEN_CHARS, MAX_TOKEN_LIFE_MS, VERIFIED_TOKEN_CACHE_SIZE } from '../limits.ts';
import { RefusedError, unauthenticated } from '../refusal.ts';
import { createKeySet } from './key-set.ts';

export const TOKEN_ISSUER = 'suanli-gateway';
export const TOKEN_AUDIENCE = 'suanli';

/** What the gateway says of a caller. `acc` and `wsp` are empty for an operator, who belongs to no tenant. */
export type Claims = {
  /** The principal: `usr_…`, `key_…`. */
  sub: string;
  acc: string;
  sac?: string;
  wsp: string;
  role: Role;
  scopes: readonly string[];
  /** Seconds since the epoch. */
  exp: number;
};

export type TokenVerifier = {
  /**
   * The claims of a good token. Throws RefusedError: UNAUTHENTICATED with TOKEN_MISSING, TOKEN_EXPIRED or TOKEN_INVALID
   * (everything else that is wrong with it), UNAVAILABLE with KEYS_UNAVAILABLE when no key could be fetched yet.
   */
  verify(token: string): Promise<Claims>;
};

export type TokenVerifierOptions = {
  jwksUrl: string;
  /** Default `suanli`. */
  audience?: string;
  clock?: Clock;
  logger?: Logger;
};

type Verified = { claims: Claims; keyVersion: number };

/** Checks ES256 tokens of the gateway. Lazy: makes no request before the first token arrives. */
export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const { clock = systemClock, audience = TOKEN_AUDIENCE } = options;
  const keys = createKeySet(options);
  const verified = new Map<string, Verified>();

  function remembered(token: string): Claims | undefined {
    const hit = verified.get(token);
    if (!hit) return undefined;
    if (hit.keyVersion !== keys.version()) {
      verified.delete(token);
      return undefined;
    }
    if (isExpired(hit.claims.exp, clock)) throw expired();
    return hit.claims;
  }

  async function check(token: string): Promise<Claims> {
    const kid = readKeyId(token);
    const key = await keys.find(kid);
    if (!key) throw invalid('signed with an unknown key');
    const keyVersion = keys.version();
    const payload = await verifySignature(token, key, audience, clock);
    const claims = readClaims(payload, clock);
    if (verified.size >= VERIFIED_TOKEN_CACHE_SIZE) {
      const oldest = verified.keys().next();
      if (!oldest.done) verified.delete(oldest.value);
    }
    verified.set(token, { claims, keyVersion });
    return claims;
  }

  return {
    async verify(token) {
      if (token === '') throw new RefusedError(unauthenticated('TOKEN_MISSING', 'a bearer token is needed'));
      if (token.length > MAX_TOKEN_CHARS) throw invalid('too long');
      return remembered(token) ?? check(token);
    },
  };
}

function readKeyId(token: string): string {
  try {
    const { alg, kid } = decodeProtectedHeader(token);
    if (alg === 'ES256' && typeof kid === 'string') return kid;
  } catch (error) {
    throw invalid('malformed', error);
  }
  throw invalid('another algorithm, or no key id');
}

async function verifySignature(
  token: string,
  key: Parameters<typeof jwtVerify>[1],
  audience: string,
  clock: Clock,
): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: ['ES256'],
      audience,
      issuer: TOKEN_ISSUER,
      clockTolerance: CLOCK_TOLERANCE_MS / 1000,
      currentDate: new Date(clock.now()),
      requiredClaims: ['exp', 'sub'],
    });
    return payload;
  } catch (error) {
    if (error instanceof errors.JWTExpired) throw expired();
    if (error instanceof errors.JOSEError) throw invalid(error.code, error);
    throw error;
  }
}

const ROLES: readonly Role[] = ['owner', 'admin', 'developer', 'viewer', 'operator'];

function readClaims(payload: JWTPayload, clock: Clock): Claims {
  const { sub, exp, acc = '', sac, wsp = '', role, scopes } = payload;
  const known = ROLES.find((r) => r === role);
  if (!sub || exp === undefined || !known) throw invalid('a claim is missing');
  if (typeof acc !== 'string' || typeof wsp !== 'string') throw invalid('a claim has the wrong type');
  if (sac !== undefined && typeof sac !== 'string') throw invalid('a claim has the wrong type');
  if (!Array.isArray(scopes) || !scopes.every((s) => typeof s === 'string')) throw invalid('scopes are not a list');
  if (known !== 'operator' && (acc === '' || wsp === '')) throw invalid('a tenant claim is missing');
  if (exp * 1000 - clock.now() > MAX_TOKEN_LIFE_MS + CLOCK_TOLERANCE_MS) throw invalid('lives too long');
  return { sub, acc, ...(sac !== undefined && { sac }), wsp, role: known, scopes, exp };
}

function isExpired(exp: number, clock: Clock): boolean {
  return clock.now() >= exp * 1000 + CLOCK_TOLERANCE_MS;
}

function expired(): RefusedError {
  return new RefusedError(unauthenticated('TOKEN_EXPIRED', 'the token has expired'));
}

/** The public text never says which check failed; the cause stays for the log. */
function invalid(detail: string, cause?: unknown): RefusedError {
  const refused = new RefusedError(unauthenticated('TOKEN_INVALID', 'the token is not valid'));
  refused.cause = cause ?? detail;
  return refused;
}
