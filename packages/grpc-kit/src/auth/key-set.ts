import { importJWK, type CryptoKey } from 'jose';
import { systemClock, type Clock, type Logger } from '@suanli/kernel';
import { JWKS_MAX_AGE_MS, JWKS_MAX_BYTES, JWKS_MIN_INTERVAL_MS, JWKS_TIMEOUT_MS } from '../limits.ts';
import { RefusedError, unavailable } from '../refusal.ts';

export type KeySet = {
  /** The key with this id; undefined when the issuer has none. Throws UNAVAILABLE when the issuer cannot be asked. */
  find(kid: string): Promise<CryptoKey | undefined>;
  /** Grows whenever the set of keys has changed: whatever was verified with an older one must be verified again. */
  version(): number;
};

type Fetched = { keys: Map<string, CryptoKey>; at: number };

/**
 * The issuer's public keys: fetched on first use, refreshed in the background when old and at once for an unknown id,
 * never more often than JWKS_MIN_INTERVAL_MS. Once fetched they outlive the issuer: a dead endpoint only means that
 * keys it made since are unknown.
 */
export function createKeySet(options: { jwksUrl: string; clock?: Clock; logger?: Logger }): KeySet {
  const { jwksUrl, clock = systemClock, logger } = options;
  let current: Fetched | undefined;
  let lastAttemptMs = Number.NEGATIVE_INFINITY;
  let lastFailed = false;
  let pending: Promise<void> | undefined;
  let version = 0;

  function refresh(): Promise<void> {
    pending ??= fetchOnce().finally(() => {
      pending = undefined;
    });
    return pending;
  }

  async function fetchOnce(): Promise<void> {
    lastAttemptMs = clock.monotonicMs();
    try {
      const keys = await fetchKeys(jwksUrl);
      if (!sameIds(current?.keys, keys)) version += 1;
      current = { keys, at: clock.monotonicMs() };
      lastFailed = false;
    } catch (error) {
      lastFailed = true;
      logger?.warn({ err: error, jwksUrl }, 'signing keys could not be fetched');
    }
  }

  const mayAsk = () => clock.monotonicMs() - lastAttemptMs >= JWKS_MIN_INTERVAL_MS;

  return {
    version: () => version,
    async find(kid) {
      const known = current?.keys.get(kid);
      if (known && current) {
        if (clock.monotonicMs() - current.at > JWKS_MAX_AGE_MS && mayAsk()) void refresh();
        return known;
      }
      if (pending || mayAsk()) await refresh();
      const found = current?.keys.get(kid);
      if (found === undefined && (current === undefined || lastFailed)) {
        throw new RefusedError(unavailable('KEYS_UNAVAILABLE', 'tokens cannot be verified now'));
      }
      return found;
    },
  };
}

async function fetchKeys(jwksUrl: string): Promise<Map<string, CryptoKey>> {
  const response = await fetch(jwksUrl, { signal: AbortSignal.timeout(JWKS_TIMEOUT_MS), redirect: 'error' });
  if (!response.ok) throw new Error(`JWKS endpoint answered ${response.status}`);
  const body: unknown = JSON.parse(await boundedText(response));
  if (typeof body !== 'object' || body === null || !('keys' in body) || !Array.isArray(body.keys)) {
    throw new Error('JWKS endpoint answered something that is no key set');
  }
  const keys = new Map<string, CryptoKey>();
  for (const jwk of body.keys as unknown[]) {
    if (!isSigningKey(jwk)) continue;
    const key = await importJWK({ kty: 'EC', crv: 'P-256', x: jwk.x, y: jwk.y }, 'ES256');
    if (!(key instanceof Uint8Array)) keys.set(jwk.kid, key);
  }
  return keys;
}

async function boundedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > JWKS_MAX_BYTES) throw new Error(`JWKS answer is larger than ${JWKS_MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Only public P-256 keys for signatures are taken; others in the set belong to someone else. */
function isSigningKey(jwk: unknown): jwk is { kid: string; x: string; y: string } {
  if (typeof jwk !== 'object' || jwk === null) return false;
  const { kty, crv, kid, x, y, use } = jwk as Record<string, unknown>;
  return (
    kty === 'EC' &&
    crv === 'P-256' &&
    (use === undefined || use === 'sig') &&
    typeof kid === 'string' &&
    typeof x === 'string' &&
    typeof y === 'string'
  );
}

function sameIds(a: Map<string, CryptoKey> | undefined, b: Map<string, CryptoKey>): boolean {
  return a !== undefined && a.size === b.size && [...a.keys()].every((kid) => b.has(kid));
}
