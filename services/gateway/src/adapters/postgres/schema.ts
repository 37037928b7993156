import { sql } from 'drizzle-orm';
import {
  boolean,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
  unique,
  uniqueIndex,
} from 'drizzle-orm/pg-core';

export { inbox, leadership, outbox, requests } from '@suanli/postgres';
export { inferenceAnswers } from './schema-inference.ts';
export { webhookAttempts, webhookDeliveries, webhookEndpoints } from './webhooks/schema.ts';

const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3, mode: 'date' });

export const accounts = pgTable(
  'accounts',
  {
    id: text('id').primaryKey(),
    name: text('name').notNull(),
    createdAt: instant('created_at').notNull(),
  },
  (t) => [index('accounts_newest').on(t.createdAt.desc(), t.id.desc())],
);

export const workspaces = pgTable(
  'workspaces',
  {
    id: text('id').primaryKey(),
    accountId: text('account_id')
      .notNull()
      .references(() => accounts.id),
    name: text('name').notNull(),
    createdAt: instant('created_at').notNull(),
  },
  (t) => [
    unique('workspaces_name').on(t.accountId, t.name),
    unique('workspaces_of_account').on(t.accountId, t.id),
    index('workspaces_newest').on(t.accountId, t.createdAt.desc(), t.id.desc()),
  ],
);

export const members = pgTable(
  'members',
  {
    id: text('id').primaryKey(),
    accountId: text('account_id')
      .notNull()
      .references(() => accounts.id),
    name: text('name').notNull(),
    email: text('email'),
    role: text('role').$type<'owner' | 'admin' | 'developer' | 'viewer'>().notNull(),
    createdAt: instant('created_at').notNull(),
    /** Kept after removal: audit rows and things they made name them. */
    removedAt: instant('removed_at'),
  },
  (t) => [
    unique('members_of_account').on(t.accountId, t.id),
    uniqueIndex('members_email').on(t.accountId, t.email).where(sql`removed_at is null`),
    index('members_newest').on(t.accountId, t.createdAt.desc(), t.id.desc()),
  ],
);

/** Keys of members (`sk_…`) and of running jobs (`sjk_…`). The secret itself is nowhere. */
export const apiKeys = pgTable(
  'api_keys',
  {
    id: text('id').primaryKey(),
    kind: text('kind').$type<'api' | 'job'>().notNull(),
    accountId: text('account_id').notNull(),
    workspaceId: text('workspace_id').notNull(),
    memberId: text('member_id'),
    name: text('name').notNull(),
    /** SHA-256 of the secret, hexadecimal. 256 random bits need no slow hash. */
    secretSha256: text('secret_sha256').notNull(),
    /** Last four characters of the secret, so that a person can tell their keys apart. */
    hint: text('hint').notNull(),
    scopes: text('scopes').array().notNull(),
    requestsPerMinute: integer('requests_per_minute').notNull(),
    createdAt: instant('created_at').notNull(),
    createdBy: text('created_by').notNull(),
    expiresAt: instant('expires_at'),
    revokedAt: instant('revoked_at'),
    lastUsedAt: instant('last_used_at'),
    jobId: text('job_id'),
    epoch: integer('epoch'),
  },
  (t) => [
    unique('api_keys_secret').on(t.secretSha256),
    uniqueIndex('api_keys_job').on(t.jobId, t.epoch).where(sql`kind = 'job'`),
    index('api_keys_newest').on(t.accountId, t.createdAt.desc(), t.id.desc()).where(sql`kind = 'api'`),
    index('api_keys_member').on(t.memberId),
    foreignKey({
      name: 'api_keys_workspace',
      columns: [t.accountId, t.workspaceId],
      foreignColumns: [workspaces.accountId, workspaces.id],
    }),
    foreignKey({
      name: 'api_keys_of_member',
      columns: [t.accountId, t.memberId],
      foreignColumns: [members.accountId, members.id],
    }),
  ],
);

/** Keys that sign tokens. The newest active one signs, all of them verify. */
export const signingKeys = pgTable(
  'signing_keys',
  {
    kid: text('kid').primaryKey(),
    publicJwk: jsonb('public_jwk').$type<Record<string, unknown>>().notNull(),
    /** Private JWK in an envelope of MASTER_KEY. */
    sealedPrivateJwk: text('sealed_private_jwk').notNull(),
    isActive: boolean('is_active').notNull(),
    createdAt: instant('created_at').notNull(),
  },
  (t) => [uniqueIndex('signing_keys_active').on(t.isActive).where(sql`is_active`)],
);

/** Cache of answers by `Idempotency-Key`. The truth of the effect is with the service that has it. */
export const idempotencyRecords = pgTable(
  'idempotency_records',
  {
    /** The account, or `operator`. */
    tenant: text('tenant').notNull(),
    /** Method and route pattern, with the values of its parameters. */
    route: text('route').notNull(),
    key: text('key').notNull(),
    bodySha256: text('body_sha256').notNull(),
    /** The request that works on it; the claim of a dead gateway runs out by `claimed_until`. */
    claimedBy: text('claimed_by').notNull(),
    claimedUntil: instant('claimed_until').notNull(),
    answerStatus: integer('answer_status'),
    /** Body and headers in an envelope of MASTER_KEY: the answer may hold a secret that is shown once. */
    sealedAnswer: text('sealed_answer'),
    createdAt: instant('created_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.route, t.key] }), index('idempotency_records_age').on(t.createdAt)],
);

/** One row for every change that someone asked for, written before it is tried. */
export const auditEvents = pgTable(
  'audit_events',
  {
    id: text('id').primaryKey(),
    /** Empty for what the operator did to the platform itself. */
    accountId: text('account_id').notNull(),
    workspaceId: text('workspace_id').notNull(),
    principalId: text('principal_id').notNull(),
    keyId: text('key_id').notNull(),
    action: text('action').notNull(),
    resource: text('resource').notNull(),
    ip: text('ip').notNull(),
    requestId: text('request_id').notNull(),
    /** `started` until the answer is known; it stays when the gateway died meanwhile. */
    result: text('result').$type<'started' | 'succeeded' | 'refused' | 'failed'>().notNull(),
    httpStatus: integer('http_status'),
    problemCode: text('problem_code'),
    createdAt: instant('created_at').notNull(),
  },
  (t) => [index('audit_events_newest').on(t.accountId, t.createdAt.desc(), t.id.desc())],
);
