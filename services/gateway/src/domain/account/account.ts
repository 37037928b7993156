import type { Instant } from '@suanli/kernel';
import type { MemberRole } from '../access/scopes.ts';

/** A customer: the wallet, the members and everything they make belong to it. */
export type Account = { accountId: string; name: string; createdAt: Instant };

/** A part of an account with its own jobs, runs and repositories. */
export type Workspace = { workspaceId: string; accountId: string; name: string; createdAt: Instant };

/** A person of an account. */
export type Member = {
  memberId: string;
  accountId: string;
  name: string;
  email?: string;
  role: MemberRole;
  createdAt: Instant;
};

/** A key as its owner may see it: never the secret. */
export type ApiKey = {
  keyId: string;
  accountId: string;
  workspaceId: string;
  memberId: string;
  name: string;
  /** Last four characters of the secret. */
  hint: string;
  scopes: readonly string[];
  requestsPerMinute: number;
  createdAt: Instant;
  createdBy: string;
  expiresAt?: Instant;
  revokedAt?: Instant;
  lastUsedAt?: Instant;
};
