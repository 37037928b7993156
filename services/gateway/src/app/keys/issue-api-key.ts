import type { CallContext, Instant } from '@suanli/kernel';
import { coversScopes, outranks, type Scope } from '../../domain/access/scopes.ts';
import type { ApiKey } from '../../domain/account/account.ts';
import type { CommandDeps } from '../ports.ts';
import { type Effect, type Outcome, runOnce } from '../run-once.ts';

export type IssueApiKey = {
  name: string;
  memberId: string;
  workspaceId: string;
  scopes: readonly (Scope | '*')[];
  requestsPerMinute: number;
  expiresAt?: Instant;
};
/** `secret` is told once; only its hash is kept. */
export type IssuedApiKey = { apiKey: ApiKey; secret: string };

type Refusal = 'member_not_found' | 'workspace_not_found' | 'role_too_high' | 'scope_too_wide' | 'expiry_in_past';

/** A key never does more than the one that makes it: neither by its member's role nor by its scopes. */
export async function issueApiKey(
  deps: CommandDeps,
  ctx: CallContext,
  command: IssueApiKey,
): Promise<Outcome<IssuedApiKey, Refusal>> {
  if (!coversScopes(ctx.scopes, command.scopes)) return { kind: 'refused', reason: 'scope_too_wide' };
  return runOnce(
    deps,
    ctx,
    { name: 'issue-api-key', body: command },
    async (tx): Promise<Effect<IssuedApiKey, Refusal>> => {
      const { accountId, principalId } = ctx.tenant;
      const stores = deps.stores(tx);
      const now = deps.clock.now();
      if (command.expiresAt !== undefined && command.expiresAt <= now)
        return { kind: 'refused', reason: 'expiry_in_past' };
      const member = await stores.members.get(accountId, command.memberId);
      if (member === undefined) return { kind: 'refused', reason: 'member_not_found' };
      if (!outranks(ctx.role, member.role)) return { kind: 'refused', reason: 'role_too_high' };
      const workspace = await stores.workspaces.get(accountId, command.workspaceId);
      if (workspace === undefined) return { kind: 'refused', reason: 'workspace_not_found' };
      const { secret, sha256, hint } = deps.secrets.create('sk');
      const apiKey: ApiKey = {
        ...command,
        keyId: deps.ids.next('key'),
        accountId,
        hint,
        createdAt: now,
        createdBy: principalId,
      };
      await stores.keys.insert({ ...apiKey, secretSha256: sha256 });
      return { kind: 'done', value: { apiKey, secret } };
    },
  );
}
