import type { Role } from '@suanli/kernel';
import { describe, expect, it } from 'vitest';
import { onBehalfOf, refuseClaims } from './access.ts';

const reason = (role: Role, scopes: string[], scope: string, roles?: Role[]) =>
  refuseClaims({ role, scopes }, { scope, ...(roles && { roles }) })?.reason ?? 'admitted';

describe('refuseClaims', () => {
  it.each<[string, string, string]>([
    ['an exact scope', reason('developer', ['jobs:write'], 'jobs:write'), 'admitted'],
    ['every scope', reason('owner', ['*'], 'jobs:write'), 'admitted'],
    ['no scope', reason('owner', [], 'jobs:write'), 'SCOPE_MISSING'],
    ['the scope to write, where reading is asked for', reason('owner', ['jobs:write'], 'jobs:read'), 'SCOPE_MISSING'],
    ['a prefix of the scope', reason('owner', ['jobs'], 'jobs:read'), 'SCOPE_MISSING'],
    ['a viewer that reads', reason('viewer', ['*'], 'jobs:read'), 'admitted'],
    ['a viewer that writes', reason('viewer', ['*', 'jobs:write'], 'jobs:write'), 'ROLE_FORBIDDEN'],
    ['an operator where one is asked for', reason('operator', ['*'], 'ops:write', ['operator']), 'admitted'],
    ['an owner where an operator is asked for', reason('owner', ['*'], 'ops:write', ['operator']), 'ROLE_FORBIDDEN'],
  ])('decides on %s', (_story, got, want) => expect(got).toBe(want));
});

describe('onBehalfOf', () => {
  it('acts for the tenant of the message under the caller’s correlation id', () => {
    const { signal } = new AbortController();
    const tenant = { accountId: 'acc_1', workspaceId: 'wsp_1', principalId: 'usr_1' };
    expect(onBehalfOf({ peer: 'scheduler', correlationId: 'cor_1', signal }, tenant, 'req_1')).toEqual({
      tenant,
      role: 'owner',
      scopes: ['*'],
      correlationId: 'cor_1',
      requestId: 'req_1',
      signal,
    });
  });
});
