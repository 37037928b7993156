import type { Instant, Role, TenantPath } from '@suanli/kernel';

/** Who stands behind a request, once its key is known. */
export type Principal = {
  kind: 'member' | 'job' | 'operator';
  /** `key_…`; `operator` for the platform's own key. What limits and revocation go by. */
  keyId: string;
  /** The member whose key it is; absent for job keys and the operator. */
  memberId?: string;
  /** Empty ids for the operator, who belongs to no tenant. */
  tenant: TenantPath;
  role: Role;
  scopes: readonly string[];
  /** Requests in a minute. */
  requestsPerMinute: number;
  expiresAt?: Instant;
};

/** The name of the operator where a tenant's principal would have an id. */
export const OPERATOR_ID = 'operator';

export function operatorPrincipal(requestsPerMinute: number): Principal {
  return {
    kind: 'operator',
    keyId: OPERATOR_ID,
    tenant: { accountId: '', workspaceId: '', principalId: OPERATOR_ID },
    role: 'operator',
    scopes: ['*'],
    requestsPerMinute,
  };
}
