import type { Clock, IdSource, Instant } from '@suanli/kernel';
import type { Database, Tx } from '@suanli/postgres';
import type { MemberRole } from '../domain/access/scopes.ts';
import type { Account, ApiKey, Member, Workspace } from '../domain/account/account.ts';
import type { AuditEvent, AuditResult } from '../domain/audit/audit-event.ts';
import type { WebhookEndpoint } from '../domain/webhook/webhook.ts';
import type { KeyRecord } from '../domain/key/decide-key.ts';

/** Where in a list, newest first, a page begins: behind this row. */
export type Position = { createdAt: Instant; id: string };
export type PageWish = { limit: number; after?: Position };
/** One row more than asked for says that there is more; `items` never holds it. */
export type Page<T> = { items: T[]; hasMore: boolean };

export interface AccountStore {
  insert(account: Account): Promise<void>;
  get(accountId: string): Promise<Account | undefined>;
  list(page: PageWish): Promise<Page<Account>>;
}

export interface WorkspaceStore {
  /** False when the account has one of that name. */
  insert(workspace: Workspace): Promise<boolean>;
  get(accountId: string, workspaceId: string): Promise<Workspace | undefined>;
  list(accountId: string, page: PageWish): Promise<Page<Workspace>>;
}

export interface MemberStore {
  /** False when a member of the account has that e-mail address. */
  insert(member: Member): Promise<boolean>;
  get(accountId: string, memberId: string): Promise<Member | undefined>;
  list(accountId: string, page: PageWish): Promise<Page<Member>>;
  /** Locks all owners of the account in id order, so that two changes cannot each remove "the other" last owner. */
  lockOwners(accountId: string): Promise<string[]>;
  setRole(accountId: string, memberId: string, role: MemberRole): Promise<void>;
  remove(accountId: string, memberId: string, at: Instant): Promise<void>;
}

export type NewKey = ApiKey & { secretSha256: string };
export type NewJobKey = {
  keyId: string;
  accountId: string;
  workspaceId: string;
  name: string;
  secretSha256: string;
  hint: string;
  scopes: readonly string[];
  requestsPerMinute: number;
  createdAt: Instant;
  createdBy: string;
  expiresAt: Instant;
  jobId: string;
  epoch: number;
};
export type RevokedKey = { keyId: string; accountId: string };

export interface KeyStore {
  insert(key: NewKey): Promise<void>;
  /** Replaces the key of the same job and epoch, whose secret is then worth nothing. */
  putJobKey(key: NewJobKey): Promise<{ replaced?: RevokedKey }>;
  findBySecret(secretSha256: string): Promise<KeyRecord | undefined>;
  get(accountId: string, keyId: string): Promise<ApiKey | undefined>;
  list(accountId: string, page: PageWish): Promise<Page<ApiKey>>;
  /** Those that were valid until now. */
  revoke(which: RevokeWhich, at: Instant): Promise<RevokedKey[]>;
  touch(uses: ReadonlyMap<string, Instant>): Promise<void>;
}
export type RevokeWhich =
  | { kind: 'key'; accountId: string; keyId: string }
  | { kind: 'member'; accountId: string; memberId: string }
  | { kind: 'job'; jobId: string; epoch: number };

export interface AuditStore {
  insert(event: AuditEvent): Promise<void>;
  finish(auditId: string, outcome: { result: AuditResult; httpStatus: number; problemCode?: string }): Promise<void>;
  list(accountId: string, page: PageWish): Promise<Page<AuditEvent>>;
}

/** Facts that leave with the transaction. */
export type GatewayEvent =
  | { kind: 'account_opened'; account: Account }
  | { kind: 'key_revoked'; key: RevokedKey; at: Instant }
  | { kind: 'webhook_disabled'; endpoint: WebhookEndpoint; at: Instant };

export interface EventLog {
  append(events: readonly GatewayEvent[]): Promise<void>;
}

export type GatewayStores = {
  accounts: AccountStore;
  workspaces: WorkspaceStore;
  members: MemberStore;
  keys: KeyStore;
  audit: AuditStore;
};
export type Queryable = Tx | Database;

export type NewSecret = { secret: string; sha256: string; hint: string };

/** Makes and recognises secrets of keys. */
export interface Secrets {
  /** 256 random bits behind a prefix: `sk_…`. */
  create(prefix: 'sk' | 'sjk'): NewSecret;
  sha256(secret: string): string;
}

/** Keeps small texts so that a stolen database does not give them away. */
export interface Vault {
  /** `purpose` is bound to the text: what was sealed for one purpose cannot be opened for another. */
  seal(text: string, purpose: string): string;
  open(sealed: string, purpose: string): string;
}

/** What commands need. */
export type CommandDeps = {
  db: Database;
  clock: Clock;
  ids: IdSource;
  stores: (queryable: Queryable) => GatewayStores;
  events: (tx: Tx) => EventLog;
  secrets: Secrets;
  vault: Vault;
  /** Says after a commit that there are facts to publish and keys to forget. */
  committed: (change: { revoked?: readonly RevokedKey[]; changedMember?: string }) => void;
};
