import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  foreignKey,
  index,
  integer,
  pgTable,
  primaryKey,
  text,
  unique,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import type { UploadState } from '../../domain/blob/blob.ts';
import type { RepositoryKind } from '../../domain/repository/repository.ts';
import { instant, orderedText } from './columns.ts';

export { inbox, leadership, outbox, requests } from '@suanli/postgres';

const bytes = (name: string) => bigint(name, { mode: 'number' }).notNull();

export const repositories = pgTable(
  'repositories',
  {
    repositoryId: text('repository_id').primaryKey(),
    accountId: text('account_id').notNull(),
    subAccountId: text('sub_account_id'),
    workspaceId: text('workspace_id').notNull(),
    principalId: text('principal_id').notNull(),
    kind: text('kind').$type<RepositoryKind>().notNull(),
    name: text('name').notNull(),
    createdAt: instant('created_at').notNull(),
  },
  (t) => [
    unique('repositories_name').on(t.accountId, t.workspaceId, t.kind, t.name),
    index('repositories_page').on(t.accountId, t.workspaceId, t.repositoryId),
  ],
);

/** Names of revisions: one `main` per repository so far; branches and tags are further rows. */
export const refs = pgTable(
  'refs',
  {
    repositoryId: text('repository_id')
      .notNull()
      .references(() => repositories.repositoryId),
    name: text('name').notNull(),
    /** Empty while nothing is committed. */
    revision: text('revision').notNull(),
    commitCount: integer('commit_count').notNull(),
    updatedAt: instant('updated_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.repositoryId, t.name] })],
);

export const commits = pgTable(
  'commits',
  {
    repositoryId: text('repository_id')
      .notNull()
      .references(() => repositories.repositoryId),
    revision: text('revision').notNull(),
    accountId: text('account_id').notNull(),
    workspaceId: text('workspace_id').notNull(),
    principalId: text('principal_id').notNull(),
    parent: text('parent').notNull(),
    number: integer('number').notNull(),
    message: text('message').notNull(),
    fileCount: integer('file_count').notNull(),
    createdAt: instant('created_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.repositoryId, t.revision] }), unique('commits_number').on(t.repositoryId, t.number)],
);

/** Every revision has all its files: reading one needs no other. */
export const commitFiles = pgTable(
  'commit_files',
  {
    repositoryId: text('repository_id').notNull(),
    revision: text('revision').notNull(),
    path: orderedText('path').notNull(),
    sha256: text('sha256').notNull(),
    sizeBytes: bytes('size_bytes'),
  },
  (t) => [
    primaryKey({ columns: [t.repositoryId, t.revision, t.path] }),
    foreignKey({
      name: 'commit_files_commit',
      columns: [t.repositoryId, t.revision],
      foreignColumns: [commits.repositoryId, commits.revision],
    }),
  ],
);

/** What each account has. The same bytes in two accounts are two rows and two files, so neither tells of the other. */
export const blobs = pgTable(
  'blobs',
  {
    accountId: text('account_id').notNull(),
    sha256: text('sha256').notNull(),
    sizeBytes: bytes('size_bytes'),
    createdAt: instant('created_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.accountId, t.sha256] })],
);

export const uploads = pgTable(
  'uploads',
  {
    uploadId: text('upload_id').primaryKey(),
    accountId: text('account_id').notNull(),
    sha256: text('sha256').notNull(),
    sizeBytes: bytes('size_bytes'),
    state: text('state').$type<UploadState>().notNull(),
    touchedAt: instant('touched_at').notNull(),
  },
  (t) => [
    uniqueIndex('uploads_open').on(t.accountId, t.sha256, t.sizeBytes).where(sql`state = 'open'`),
    index('uploads_touched_at').on(t.touchedAt),
  ],
);

export const routes = pgTable('routes', {
  model: orderedText('model').primaryKey(),
  upstream: text('upstream').notNull(),
  upstreamModel: text('upstream_model').notNull(),
  description: text('description').notNull(),
  isLanguageModel: boolean('is_language_model').notNull(),
  version: bigint('version', { mode: 'number' }).notNull(),
  updatedAt: instant('updated_at').notNull(),
  isRemoved: boolean('is_removed').notNull(),
});
