import type { CallContext } from '@suanli/kernel';
import { withTransaction } from '@suanli/postgres';
import type { ApiKey } from '../../domain/account/account.ts';
import type { CommandDeps, RevokedKey } from '../ports.ts';

export type ApiKeyRevoked = { kind: 'done'; value: ApiKey } | { kind: 'refused'; reason: 'api_key_not_found' };

/** Final, and idempotent: revoking again changes nothing. No request that arrives after the answer gets through. */
export async function revokeApiKey(deps: CommandDeps, ctx: CallContext, keyId: string): Promise<ApiKeyRevoked> {
  const { accountId } = ctx.tenant;
  const now = deps.clock.now();
  let revoked: RevokedKey[] = [];
  const result = await withTransaction(deps.db, async (tx): Promise<ApiKeyRevoked> => {
    const { keys } = deps.stores(tx);
    revoked = await keys.revoke({ kind: 'key', accountId, keyId }, now);
    const key = await keys.get(accountId, keyId);
    if (key === undefined) return { kind: 'refused', reason: 'api_key_not_found' };
    await deps.events(tx).append(revoked.map((one) => ({ kind: 'key_revoked', key: one, at: now })));
    return { kind: 'done', value: key };
  });
  deps.committed({ revoked });
  return result;
}
