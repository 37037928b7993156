import type { Account, ApiKey, Member, Workspace } from '../../domain/account/account.ts';
import type { AuditEvent } from '../../domain/audit/audit-event.ts';
import type { accounts, apiKeys, auditEvents, members, workspaces } from './schema.ts';

export const toAccount = (row: typeof accounts.$inferSelect): Account => ({
  accountId: row.id,
  name: row.name,
  createdAt: row.createdAt.getTime(),
});

export const toWorkspace = (row: typeof workspaces.$inferSelect): Workspace => ({
  workspaceId: row.id,
  accountId: row.accountId,
  name: row.name,
  createdAt: row.createdAt.getTime(),
});

export const toMember = (row: typeof members.$inferSelect): Member => ({
  memberId: row.id,
  accountId: row.accountId,
  name: row.name,
  ...(row.email !== null && { email: row.email }),
  role: row.role,
  createdAt: row.createdAt.getTime(),
});

export const toApiKey = (row: typeof apiKeys.$inferSelect): ApiKey => ({
  keyId: row.id,
  accountId: row.accountId,
  workspaceId: row.workspaceId,
  memberId: row.memberId ?? '',
  name: row.name,
  hint: row.hint,
  scopes: row.scopes,
  requestsPerMinute: row.requestsPerMinute,
  createdAt: row.createdAt.getTime(),
  createdBy: row.createdBy,
  ...(row.expiresAt && { expiresAt: row.expiresAt.getTime() }),
  ...(row.revokedAt && { revokedAt: row.revokedAt.getTime() }),
  ...(row.lastUsedAt && { lastUsedAt: row.lastUsedAt.getTime() }),
});

export const toAuditEvent = (row: typeof auditEvents.$inferSelect): AuditEvent => ({
  auditId: row.id,
  accountId: row.accountId,
  workspaceId: row.workspaceId,
  principalId: row.principalId,
  keyId: row.keyId,
  action: row.action,
  resource: row.resource,
  ip: row.ip,
  requestId: row.requestId,
  result: row.result,
  ...(row.httpStatus !== null && { httpStatus: row.httpStatus }),
  ...(row.problemCode !== null && { problemCode: row.problemCode }),
  createdAt: row.createdAt.getTime(),
});
