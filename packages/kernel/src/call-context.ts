/** Who owns a thing. Every hold, usage event, run, workload and audit row carries it. */
export type TenantPath = {
  accountId: string;
  subAccountId?: string;
  workspaceId: string;
  /** The user or key that acts: `usr_…`, `key_…`. */
  principalId: string;
};

/** What a credential may do. `operator` runs the platform and belongs to no tenant. */
export type Role = 'owner' | 'admin' | 'developer' | 'viewer' | 'operator';

/** The first argument of every use case: on whose behalf, under which request, until when. */
export type CallContext = {
  tenant: TenantPath;
  role: Role;
  /** What the credential is limited to, for example `jobs:write`. `*` is everything the role allows. */
  scopes: readonly string[];
  /** Same id + same body = same answer. Present on every command. */
  requestId?: string;
  /** Follows one public request through logs of all services. */
  correlationId: string;
  signal: AbortSignal;
};

/** The context of work that no caller waits for: reactions to events, loops. Still on behalf of a tenant. */
export function systemContext(tenant: TenantPath, correlationId: string, signal: AbortSignal): CallContext {
  return { tenant, role: 'owner', scopes: ['*'], correlationId, signal };
}
