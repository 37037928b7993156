import type { CallContext } from '@suanli/kernel';
import { type MemberRole, outranks } from '../../domain/access/scopes.ts';
import type { Member } from '../../domain/account/account.ts';
import type { CommandDeps } from '../ports.ts';
import { type Outcome, runOnce } from '../run-once.ts';

export type AddMember = { name: string; email?: string; role: MemberRole };

export async function addMember(
  deps: CommandDeps,
  ctx: CallContext,
  command: AddMember,
): Promise<Outcome<Member, 'role_too_high' | 'member_exists'>> {
  if (!outranks(ctx.role, command.role)) return { kind: 'refused', reason: 'role_too_high' };
  return runOnce<Member, 'member_exists'>(deps, ctx, { name: 'add-member', body: command }, async (tx) => {
    const member: Member = {
      memberId: deps.ids.next('usr'),
      accountId: ctx.tenant.accountId,
      ...command,
      createdAt: deps.clock.now(),
    };
    const isNew = await deps.stores(tx).members.insert(member);
    return isNew ? { kind: 'done', value: member } : { kind: 'refused', reason: 'member_exists' };
  });
}
