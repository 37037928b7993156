import type { Role } from '@suanli/kernel';
import { type MemberRole, outranks } from '../access/scopes.ts';
import type { Member } from './account.ts';

export type MemberChange = { kind: 'role'; role: MemberRole } | { kind: 'removal' };

export type MemberChangeDecision = { kind: 'allowed' } | { kind: 'refused'; reason: 'role_too_high' | 'last_owner' };

/** An account always keeps an owner, and nobody touches or makes someone above themselves. */
export function decideMemberChange(
  actor: Role,
  member: Member,
  change: MemberChange,
  ownerCount: number,
): MemberChangeDecision {
  if (!outranks(actor, member.role)) return { kind: 'refused', reason: 'role_too_high' };
  if (change.kind === 'role' && !outranks(actor, change.role)) return { kind: 'refused', reason: 'role_too_high' };
  const staysOwner = change.kind === 'role' && change.role === 'owner';
  if (member.role === 'owner' && !staysOwner && ownerCount <= 1) return { kind: 'refused', reason: 'last_owner' };
  return { kind: 'allowed' };
}
