import type { CallContext, Instant } from '@suanli/kernel';
import { withTransaction } from '@suanli/postgres';
import { JOB_KEY_SCOPES } from '../../domain/access/scopes.ts';
import type { CommandDeps, RevokedKey } from '../ports.ts';

export type IssueJobKey = { jobId: string; epoch: number; expiresAt: Instant; requestsPerMinute: number };
export type JobKeyIssued =
  | { kind: 'issued'; keyId: string; secret: string }
  | { kind: 'refused'; reason: 'workspace_not_found' | 'expiry_in_past' };

/**
 * The one key of one attempt of a job. Asking again gives a new secret and makes the one before worthless, so an answer
 * that was lost on its way leaves no second key behind.
 */
export async function issueJobKey(deps: CommandDeps, ctx: CallContext, command: IssueJobKey): Promise<JobKeyIssued> {
  const { accountId, workspaceId, principalId } = ctx.tenant;
  const now = deps.clock.now();
  if (command.expiresAt <= now) return { kind: 'refused', reason: 'expiry_in_past' };
  let revoked: RevokedKey[] = [];
  const result = await withTransaction(deps.db, async (tx): Promise<JobKeyIssued> => {
    const { workspaces, keys } = deps.stores(tx);
    const workspace = await workspaces.get(accountId, workspaceId);
    if (workspace === undefined) return { kind: 'refused', reason: 'workspace_not_found' };
    const { secret, sha256, hint } = deps.secrets.create('sjk');
    const keyId = deps.ids.next('key');
    const { replaced } = await keys.putJobKey({
      ...command,
      keyId,
      accountId,
      workspaceId,
      name: `${command.jobId} epoch ${command.epoch}`,
      secretSha256: sha256,
      hint,
      scopes: JOB_KEY_SCOPES,
      createdAt: now,
      createdBy: principalId,
    });
    revoked = replaced ? [replaced] : [];
    await deps.events(tx).append(revoked.map((key) => ({ kind: 'key_revoked', key, at: now })));
    return { kind: 'issued', keyId, secret };
  });
  deps.committed({ revoked });
  return result;
}

/** The attempt is over. Harmless when there was no such key. */
export async function revokeJobKey(deps: CommandDeps, attempt: { jobId: string; epoch: number }): Promise<void> {
  const now = deps.clock.now();
  const revoked = await withTransaction(deps.db, async (tx) => {
    const keys = await deps.stores(tx).keys.revoke({ kind: 'job', ...attempt }, now);
    await deps.events(tx).append(keys.map((key) => ({ kind: 'key_revoked', key, at: now })));
    return keys;
  });
  deps.committed({ revoked });
}
