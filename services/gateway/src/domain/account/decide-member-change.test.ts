import type { Role } from '@suanli/kernel';
import { describe, expect, it } from 'vitest';
import type { MemberRole } from '../access/scopes.ts';
import { decideMemberChange, type MemberChange } from './decide-member-change.ts';

const member = (role: MemberRole) => ({ memberId: 'usr_1', accountId: 'acc_1', name: 'Lin', role, createdAt: 0 });
const removal: MemberChange = { kind: 'removal' };
const toRole = (role: MemberRole): MemberChange => ({ kind: 'role', role });

describe('decideMemberChange', () => {
  it.each<[string, Role, MemberRole, MemberChange, number, string]>([
    ['the last owner cannot be removed', 'owner', 'owner', removal, 1, 'last_owner'],
    ['the last owner cannot step down', 'owner', 'owner', toRole('admin'), 1, 'last_owner'],
    ['the last owner may stay owner', 'owner', 'owner', toRole('owner'), 1, 'allowed'],
    ['one of two owners can go', 'owner', 'owner', removal, 2, 'allowed'],
    ['an admin does not touch an owner', 'admin', 'owner', toRole('viewer'), 2, 'role_too_high'],
    ['an admin makes no owner', 'admin', 'viewer', toRole('owner'), 1, 'role_too_high'],
    ['an admin promotes up to admin', 'admin', 'viewer', toRole('admin'), 1, 'allowed'],
  ])('%s', (_story, actor, role, change, owners, want) => {
    const decision = decideMemberChange(actor, member(role), change, owners);
    expect(decision.kind === 'allowed' ? 'allowed' : decision.reason).toBe(want);
  });
});
