import type { CallContext } from '@suanli/kernel';
import { withTransaction } from '@suanli/postgres';
import type { Member } from '../../domain/account/account.ts';
import { decideMemberChange, type MemberChange } from '../../domain/account/decide-member-change.ts';
import type { CommandDeps, RevokedKey } from '../ports.ts';

export type MemberChanged =
  | { kind: 'done'; value: Member }
  | { kind: 'refused'; reason: 'member_not_found' | 'role_too_high' | 'last_owner' };

/**
 * Gives a member another role, or removes them together with their keys. Both are naturally idempotent. Another role
 * is felt by the member's keys at once here, and by other replicas when their cached copy runs out.
 */
export async function changeMember(
  deps: CommandDeps,
  ctx: CallContext,
  memberId: string,
  change: MemberChange,
): Promise<MemberChanged> {
  const { accountId } = ctx.tenant;
  const now = deps.clock.now();
  let revoked: RevokedKey[] = [];
  const result = await withTransaction(deps.db, async (tx): Promise<MemberChanged> => {
    const stores = deps.stores(tx);
    const owners = await stores.members.lockOwners(accountId);
    const member = await stores.members.get(accountId, memberId);
    if (member === undefined) return { kind: 'refused', reason: 'member_not_found' };
    const decision = decideMemberChange(ctx.role, member, change, owners.length);
    if (decision.kind === 'refused') return decision;
    if (change.kind === 'role') {
      await stores.members.setRole(accountId, memberId, change.role);
      return { kind: 'done', value: { ...member, role: change.role } };
    }
    await stores.members.remove(accountId, memberId, now);
    revoked = await stores.keys.revoke({ kind: 'member', accountId, memberId }, now);
    await deps.events(tx).append(revoked.map((key) => ({ kind: 'key_revoked', key, at: now })));
    return { kind: 'done', value: member };
  });
  deps.committed({ revoked, changedMember: memberId });
  return result;
}
