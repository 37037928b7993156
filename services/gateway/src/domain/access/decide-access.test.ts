import type { Role } from '@suanli/kernel';
import { describe, expect, it } from 'vitest';
import { type AccessRule, decideAccess } from './decide-access.ts';
import { coversScopes, outranks } from './scopes.ts';

type Story = [string, { role: Role; scopes: string[] }, AccessRule, string];

const stories: Story[] = [
  ['an owner may do everything', { role: 'owner', scopes: ['*'] }, { scope: 'account:write' }, 'allowed'],
  ['a developer submits jobs', { role: 'developer', scopes: ['*'] }, { scope: 'jobs:write' }, 'allowed'],
  [
    'a developer spends no money by hand',
    { role: 'developer', scopes: ['*'] },
    { scope: 'billing:write' },
    'role_forbidden',
  ],
  ['a viewer reads', { role: 'viewer', scopes: ['*'] }, { scope: 'billing:read' }, 'allowed'],
  ['a viewer only reads', { role: 'viewer', scopes: ['*'] }, { scope: 'hub:write' }, 'role_forbidden'],
  ['scopes narrow a role', { role: 'owner', scopes: ['hub:read'] }, { scope: 'jobs:read' }, 'scope_missing'],
  ['scopes never widen a role', { role: 'viewer', scopes: ['jobs:write'] }, { scope: 'jobs:write' }, 'role_forbidden'],
  ['the operator owns no wallet', { role: 'operator', scopes: ['*'] }, { scope: 'billing:read' }, 'tenant_required'],
  [
    'the operator opens accounts',
    { role: 'operator', scopes: ['*'] },
    { scope: 'account:write', caller: 'operator' },
    'allowed',
  ],
  [
    'an owner opens none',
    { role: 'owner', scopes: ['*'] },
    { scope: 'account:write', caller: 'operator' },
    'operator_required',
  ],
];

describe('decideAccess', () => {
  it.each(stories)('%s', (_story, caller, rule, want) => {
    const decision = decideAccess(caller, rule);
    expect(decision.kind === 'allowed' ? 'allowed' : decision.reason).toBe(want);
  });
});

describe('roles and scopes', () => {
  it('let nobody act above themselves', () => {
    expect([outranks('admin', 'owner'), outranks('admin', 'admin'), outranks('operator', 'owner')]).toEqual([
      false,
      true,
      true,
    ]);
  });

  it('let a key give only what it has', () => {
    expect(coversScopes(['hub:read'], ['*'])).toBe(false);
    expect(coversScopes(['hub:read', 'hub:write'], ['hub:read'])).toBe(true);
    expect(coversScopes(['*'], ['*', 'jobs:read'])).toBe(true);
  });
});
