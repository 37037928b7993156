import type { TenantPath } from '@suanli/kernel';
import type { TenantPath as TenantMessage } from '@suanli/proto/suanli/common/v1/common.ts';

/** Undefined unless the message names an account and a workspace. */
export function readTenant(message: TenantMessage | undefined): TenantPath | undefined {
  if (message === undefined || message.accountId === '' || message.workspaceId === '') return undefined;
  const { accountId, subAccountId, workspaceId, principalId } = message;
  return { accountId, ...(subAccountId !== '' && { subAccountId }), workspaceId, principalId };
}

export function writeTenant(tenant: TenantPath): TenantMessage {
  return { ...tenant, subAccountId: tenant.subAccountId ?? '' };
}
