import type { Instant, Role } from '@suanli/kernel';
import type { Principal } from './principal.ts';

/** A key as it is kept: everything but its secret. */
export type KeyRecord = {
  keyId: string;
  kind: 'api' | 'job';
  accountId: string;
  workspaceId: string;
  /** Absent for job keys. */
  memberId?: string;
  /** Present role of the member; `developer` for job keys. */
  role: Role;
  scopes: readonly string[];
  requestsPerMinute: number;
  expiresAt?: Instant;
  revokedAt?: Instant;
  isMemberActive: boolean;
};

export type KeyDecision =
  | { kind: 'valid'; principal: Principal }
  | { kind: 'refused'; reason: 'revoked' | 'expired' | 'member_removed' };

/** Whether a known key opens the door at `now`, and as whom. The reason is for the log: the caller only hears "no". */
export function decideKey(key: KeyRecord, now: Instant): KeyDecision {
  if (key.revokedAt !== undefined) return { kind: 'refused', reason: 'revoked' };
  if (key.expiresAt !== undefined && key.expiresAt <= now) return { kind: 'refused', reason: 'expired' };
  if (!key.isMemberActive) return { kind: 'refused', reason: 'member_removed' };
  return {
    kind: 'valid',
    principal: {
      kind: key.kind === 'job' ? 'job' : 'member',
      keyId: key.keyId,
      ...(key.memberId !== undefined && { memberId: key.memberId }),
      tenant: { accountId: key.accountId, workspaceId: key.workspaceId, principalId: key.keyId },
      role: key.role,
      scopes: key.scopes,
      requestsPerMinute: key.requestsPerMinute,
      ...(key.expiresAt !== undefined && { expiresAt: key.expiresAt }),
    },
  };
}
