import type { Clock, Instant } from '@suanli/kernel';
import type { Database } from '@suanli/postgres';
import { decideKey } from '../../domain/key/decide-key.ts';
import { operatorPrincipal, type Principal } from '../../domain/key/principal.ts';
import type { GatewayStores, Queryable, Secrets } from '../ports.ts';
import type { KeyCache } from './key-cache.ts';

export type Authentication =
  | { kind: 'valid'; principal: Principal }
  /** `reason` is for the log; the caller only hears that the key is not valid. */
  | { kind: 'refused'; reason: 'unknown' | 'revoked' | 'expired' | 'member_removed' };

export type AuthenticateDeps = {
  db: Database;
  clock: Clock;
  stores: (queryable: Queryable) => GatewayStores;
  secrets: Secrets;
  cache: KeyCache;
  operator: { keySha256: string; requestsPerMinute: number };
  /** False while word of revoked keys cannot reach this replica: then every request asks the database. */
  isFeedLive: () => boolean;
  recordUse: (keyId: string, at: Instant) => void;
};

/** Longer than any key of ours, short enough that hashing it costs nothing. */
const MAX_SECRET_CHARS = 256;

/** Who is behind a secret. One query at most, none for a key seen in the last seconds. */
export async function authenticate(deps: AuthenticateDeps, secret: string): Promise<Authentication> {
  if (secret.length === 0 || secret.length > MAX_SECRET_CHARS) return { kind: 'refused', reason: 'unknown' };
  const sha256 = deps.secrets.sha256(secret);
  // Comparing hashes leaks nothing of the secret, however long it takes.
  if (sha256 === deps.operator.keySha256) {
    return { kind: 'valid', principal: operatorPrincipal(deps.operator.requestsPerMinute) };
  }
  const cached = deps.isFeedLive() ? deps.cache.get(sha256) : undefined;
  const generation = deps.cache.generation();
  const key = cached ?? (await deps.stores(deps.db).keys.findBySecret(sha256));
  if (key === undefined) return { kind: 'refused', reason: 'unknown' };
  if (cached === undefined) deps.cache.put(sha256, key, generation);
  const now = deps.clock.now();
  const decision = decideKey(key, now);
  if (decision.kind === 'valid') deps.recordUse(key.keyId, now);
  return decision;
}
