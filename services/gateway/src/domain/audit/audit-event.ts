import type { Instant } from '@suanli/kernel';

/** `started` until the answer is known: it stays so when the gateway died meanwhile. */
export type AuditResult = 'started' | 'succeeded' | 'refused' | 'failed';

/** Who tried to change what, when, from where, and how it ended. */
export type AuditEvent = {
  auditId: string;
  accountId: string;
  workspaceId: string;
  principalId: string;
  keyId: string;
  /** `job.create`, `api_key.revoke`. */
  action: string;
  /** Path of what was acted on: `/v1/jobs/job_…/cancel`. */
  resource: string;
  ip: string;
  requestId: string;
  result: AuditResult;
  httpStatus?: number;
  problemCode?: string;
  createdAt: Instant;
};

/** What an answer's status says of the change. */
export function resultOfStatus(httpStatus: number): Exclude<AuditResult, 'started'> {
  if (httpStatus < 400) return 'succeeded';
  return httpStatus < 500 ? 'refused' : 'failed';
}
