import type { TenantPath } from '@suanli/kernel';

/** What hard budgets of an account tell apart: then its keys, or its models, cannot share a lease. */
export type SpendDimension = 'key' | 'item';
/** How finely the leases of an account are divided: by workspace, and by what its hard budgets tell apart. */
export type Grain = ReadonlySet<SpendDimension>;

export const BY_WORKSPACE: Grain = new Set();

/** Whose money a lease is: without a principal any key of the workspace, without an item any model. */
export type LeaseOwner = { tenant: TenantPath; item: string };

/** Who shares a lease with this caller. */
export function ownerOf(tenant: TenantPath, item: string, grain: Grain): LeaseOwner {
  return {
    tenant: grain.has('key') ? tenant : { ...tenant, principalId: '' },
    item: grain.has('item') ? item : '',
  };
}

/** Callers of one key share a lease. */
export function leaseKey({ tenant, item }: LeaseOwner): string {
  return JSON.stringify([tenant.accountId, tenant.subAccountId ?? '', tenant.workspaceId, tenant.principalId, item]);
}
