import { z } from 'zod';
import type { Account, ApiKey, Member, Workspace } from '../../../../domain/account/account.ts';
import type { AuditEvent } from '../../../../domain/audit/audit-event.ts';
import { instant, toRfc3339 } from '../../schemas.ts';

/** What the account board shows, and how it is made from the domain. */

export const accountView = z.object({ id: z.string(), name: z.string(), created_at: instant });
export const toAccountView = ({ accountId, name, createdAt }: Account): z.infer<typeof accountView> => ({
  id: accountId,
  name,
  created_at: toRfc3339(createdAt),
});

export const workspaceView = z.object({
  id: z.string(),
  account_id: z.string(),
  name: z.string(),
  created_at: instant,
});
export const toWorkspaceView = (workspace: Workspace): z.infer<typeof workspaceView> => ({
  id: workspace.workspaceId,
  account_id: workspace.accountId,
  name: workspace.name,
  created_at: toRfc3339(workspace.createdAt),
});

export const memberView = z.object({
  id: z.string(),
  account_id: z.string(),
  name: z.string(),
  email: z.string().optional(),
  role: z.string(),
  created_at: instant,
});
export const toMemberView = (member: Member): z.infer<typeof memberView> => ({
  id: member.memberId,
  account_id: member.accountId,
  name: member.name,
  ...(member.email !== undefined && { email: member.email }),
  role: member.role,
  created_at: toRfc3339(member.createdAt),
});

export const apiKeyView = z.object({
  id: z.string(),
  account_id: z.string(),
  workspace_id: z.string(),
  member_id: z.string(),
  name: z.string(),
  hint: z.string().meta({ description: 'Last four characters of the secret' }),
  scopes: z.array(z.string()),
  requests_per_minute: z.number(),
  created_at: instant,
  created_by: z.string(),
  expires_at: instant.optional(),
  revoked_at: instant.optional(),
  last_used_at: instant.optional(),
});
export const toApiKeyView = (key: ApiKey): z.infer<typeof apiKeyView> => ({
  id: key.keyId,
  account_id: key.accountId,
  workspace_id: key.workspaceId,
  member_id: key.memberId,
  name: key.name,
  hint: key.hint,
  scopes: [...key.scopes],
  requests_per_minute: key.requestsPerMinute,
  created_at: toRfc3339(key.createdAt),
  created_by: key.createdBy,
  ...(key.expiresAt !== undefined && { expires_at: toRfc3339(key.expiresAt) }),
  ...(key.revokedAt !== undefined && { revoked_at: toRfc3339(key.revokedAt) }),
  ...(key.lastUsedAt !== undefined && { last_used_at: toRfc3339(key.lastUsedAt) }),
});

/** With the secret: only in the answer to the one that made it. */
export const newApiKeyView = apiKeyView.extend({ secret: z.string().meta({ description: 'Shown once' }) });

export const auditEventView = z.object({
  id: z.string(),
  action: z.string(),
  resource: z.string(),
  principal_id: z.string(),
  key_id: z.string(),
  workspace_id: z.string(),
  ip: z.string(),
  request_id: z.string(),
  result: z.enum(['started', 'succeeded', 'refused', 'failed']),
  http_status: z.number().optional(),
  problem_code: z.string().optional(),
  created_at: instant,
});
export const toAuditEventView = (event: AuditEvent): z.infer<typeof auditEventView> => ({
  id: event.auditId,
  action: event.action,
  resource: event.resource,
  principal_id: event.principalId,
  key_id: event.keyId,
  workspace_id: event.workspaceId,
  ip: event.ip,
  request_id: event.requestId,
  result: event.result,
  ...(event.httpStatus !== undefined && { http_status: event.httpStatus }),
  ...(event.problemCode !== undefined && { problem_code: event.problemCode }),
  created_at: toRfc3339(event.createdAt),
});
