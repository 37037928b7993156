import { bigint, index, integer, pgTable, primaryKey, text, unique } from 'drizzle-orm/pg-core';
import { instant, orderedText } from '../columns.ts';

/** Numbers beside the public ids keep the largest table, the postings, small. */
const number = (name: string) => bigint(name, { mode: 'number' });

export const corpora = pgTable(
  'corpora',
  {
    corpusNo: number('corpus_no').primaryKey().generatedAlwaysAsIdentity(),
    corpusId: text('corpus_id').notNull().unique(),
    accountId: text('account_id').notNull(),
    subAccountId: text('sub_account_id'),
    workspaceId: text('workspace_id').notNull(),
    principalId: text('principal_id').notNull(),
    name: text('name').notNull(),
    documentCount: integer('document_count').notNull(),
    chunkCount: integer('chunk_count').notNull(),
    termCount: number('term_count').notNull(),
    createdAt: instant('created_at').notNull(),
  },
  (t) => [
    unique('corpora_name').on(t.accountId, t.workspaceId, t.name),
    index('corpora_page').on(t.accountId, t.workspaceId, t.corpusId),
  ],
);

export const documents = pgTable(
  'documents',
  {
    documentNo: number('document_no').primaryKey().generatedAlwaysAsIdentity(),
    documentId: text('document_id').notNull().unique(),
    corpusNo: number('corpus_no')
      .notNull()
      .references(() => corpora.corpusNo),
    name: orderedText('name').notNull(),
    sha256: text('sha256').notNull(),
    sizeBytes: integer('size_bytes').notNull(),
    chunkCount: integer('chunk_count').notNull(),
    termCount: integer('term_count').notNull(),
    updatedAt: instant('updated_at').notNull(),
  },
  (t) => [unique('documents_name').on(t.corpusNo, t.name)],
);

export const chunks = pgTable(
  'chunks',
  {
    documentNo: number('document_no')
      .notNull()
      .references(() => documents.documentNo, { onDelete: 'cascade' }),
    chunkIndex: integer('chunk_index').notNull(),
    fromChar: integer('from_char').notNull(),
    toChar: integer('to_char').notNull(),
    termCount: integer('term_count').notNull(),
    text: text('text').notNull(),
  },
  (t) => [primaryKey({ columns: [t.documentNo, t.chunkIndex] })],
);

/**
 * In which chunks of a document a term stands, and how often: two arrays side by side. One row per term and document
 * instead of one per chunk makes an index of Chinese pairs several times smaller.
 */
export const postings = pgTable(
  'postings',
  {
    corpusNo: number('corpus_no').notNull(),
    term: orderedText('term').notNull(),
    documentNo: number('document_no')
      .notNull()
      .references(() => documents.documentNo, { onDelete: 'cascade' }),
    chunkIndexes: integer('chunk_indexes').array().notNull(),
    frequencies: integer('frequencies').array().notNull(),
  },
  (t) => [primaryKey({ columns: [t.corpusNo, t.term, t.documentNo] }), index('postings_document').on(t.documentNo)],
);
