import type { Role } from '@suanli/kernel';

/** What a credential can be limited to. A scope is `<board>:read` or `<board>:write`; `*` is everything its role allows. */
export const SCOPES = [
  'account:read',
  'account:write',
  'billing:read',
  'billing:write',
  'compute:read',
  'jobs:read',
  'jobs:write',
  'workflows:read',
  'workflows:write',
  'hub:read',
  'hub:write',
  'inference:read',
  'inference:write',
] as const;
export type Scope = (typeof SCOPES)[number];

/** The scopes of a task's own key: it reads and writes what the hub keeps and calls models, nothing else. */
export const JOB_KEY_SCOPES: readonly Scope[] = ['hub:read', 'hub:write', 'inference:read', 'inference:write'];

/** Roles of people, weakest first. */
export const MEMBER_ROLES = ['viewer', 'developer', 'admin', 'owner'] as const;
export type MemberRole = (typeof MEMBER_ROLES)[number];

const READ_ALL = SCOPES.filter((scope) => scope.endsWith(':read'));

/** What each role may do at most, before the scopes of the key narrow it. */
export const ROLE_SCOPES: Readonly<Record<Role, readonly Scope[]>> = {
  owner: SCOPES,
  admin: SCOPES,
  developer: [...READ_ALL, 'jobs:write', 'workflows:write', 'hub:write', 'inference:write'],
  viewer: READ_ALL,
  operator: SCOPES,
};

/** Whether `role` may hand out or take away `other`: nobody raises anyone above themselves. */
export function outranks(role: Role, other: MemberRole): boolean {
  if (role === 'operator') return true;
  return MEMBER_ROLES.indexOf(role) >= MEMBER_ROLES.indexOf(other);
}

/** Whether a credential with `held` may make one with `wanted`: never more than it has itself. */
export function coversScopes(held: readonly string[], wanted: readonly string[]): boolean {
  return held.includes('*') || wanted.every((scope) => held.includes(scope));
}
