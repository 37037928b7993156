import { isId } from '@suanli/kernel';
import type { Tx } from '@suanli/postgres';
import { and, asc, desc, eq, gt, lt, type SQL, sql } from 'drizzle-orm';
import type { CorpusStore } from '../../../app/ports.ts';
import { CORPUS_ID_PREFIX, type Corpus, type Document } from '../../../domain/corpus/corpus.ts';
import type { Owner } from '../../../domain/repository/repository.ts';
import { insertIndex } from './insert-index.ts';
import { corpora, documents } from './schema.ts';
import { searchPostings } from './search-postings.ts';

export function corpusStore(tx: Tx): CorpusStore {
  const corpusNoOf = (corpusId: string) =>
    sql`(select ${corpora.corpusNo} from ${corpora} where ${corpora.corpusId} = ${corpusId})`;

  /** Moves the counts of the corpus by those of a document that comes (1) or goes (-1), and gives its number. */
  async function count(corpusId: string, { chunkCount, termCount }: Document, sign: 1 | -1): Promise<number> {
    const [row] = await tx
      .update(corpora)
      .set({
        documentCount: sql`${corpora.documentCount} + ${sign}`,
        chunkCount: sql`${corpora.chunkCount} + ${sign * chunkCount}`,
        termCount: sql`${corpora.termCount} + ${sign * termCount}`,
      })
      .where(eq(corpora.corpusId, corpusId))
      .returning({ corpusNo: corpora.corpusNo });
    if (row === undefined) throw new Error(`corpus ${corpusId} is gone`);
    return row.corpusNo;
  }

  async function remove(corpusId: string, documentId: string): Promise<void> {
    const [removed] = await tx
      .delete(documents)
      .where(and(eq(documents.corpusNo, corpusNoOf(corpusId)), eq(documents.documentId, documentId)))
      .returning();
    if (removed) await count(corpusId, toDocument(removed), -1);
  }

  return {
    async insert(corpus) {
      const inserted = await tx
        .insert(corpora)
        .values(toRow(corpus))
        .onConflictDoNothing()
        .returning({ corpusId: corpora.corpusId });
      if (inserted.length === 1) return undefined;
      const [existing] = await tx.select().from(corpora).where(isNamed(corpus.owner, corpus.name));
      return existing && toCorpus(existing);
    },

    async find(owner, idOrName) {
      const [row] = await tx.select().from(corpora).where(isNamed(owner, idOrName));
      return row && toCorpus(row);
    },

    async lock(owner, idOrName) {
      const [row] = await tx.select().from(corpora).where(isNamed(owner, idOrName)).for('update');
      return row && toCorpus(row);
    },

    async list(owner, { limit, after }) {
      const isAfter = after === undefined ? undefined : lt(corpora.corpusId, after);
      const rows = await tx
        .select()
        .from(corpora)
        .where(and(ownedBy(owner), isAfter))
        .orderBy(desc(corpora.corpusId))
        .limit(limit);
      return rows.map(toCorpus);
    },

    async findDocument(corpusId, by) {
      const isIt = 'name' in by ? eq(documents.name, by.name) : eq(documents.documentId, by.documentId);
      const [row] = await tx
        .select()
        .from(documents)
        .where(and(eq(documents.corpusNo, corpusNoOf(corpusId)), isIt));
      return row && toDocument(row);
    },

    async listDocuments(corpusId, { limit, after }) {
      const isAfter = after === undefined ? undefined : gt(documents.name, after);
      const rows = await tx
        .select()
        .from(documents)
        .where(and(eq(documents.corpusNo, corpusNoOf(corpusId)), isAfter))
        .orderBy(asc(documents.name))
        .limit(limit);
      return rows.map(toDocument);
    },

    async putDocument(corpusId, document, chunks) {
      await remove(corpusId, document.documentId);
      const corpusNo = await count(corpusId, document, 1);
      const [row] = await tx
        .insert(documents)
        .values({ ...document, corpusNo, updatedAt: new Date(document.updatedAt) })
        .returning({ documentNo: documents.documentNo });
      if (row === undefined) throw new Error('an insert returned no row');
      await insertIndex(tx, { corpusNo, documentNo: row.documentNo }, chunks);
    },

    deleteDocument: remove,

    search: (corpus, terms, limit) => searchPostings(tx, corpus, terms, limit),
  };
}

function ownedBy({ accountId, workspaceId }: Owner): SQL | undefined {
  return and(eq(corpora.accountId, accountId), eq(corpora.workspaceId, workspaceId));
}

function isNamed(owner: Owner, idOrName: string): SQL | undefined {
  const isIt = isId(CORPUS_ID_PREFIX, idOrName) ? eq(corpora.corpusId, idOrName) : eq(corpora.name, idOrName);
  return and(ownedBy(owner), isIt);
}

function toRow({ owner, createdAt, ...corpus }: Corpus): typeof corpora.$inferInsert {
  return { ...corpus, ...owner, createdAt: new Date(createdAt) };
}

function toCorpus(row: typeof corpora.$inferSelect): Corpus {
  const { corpusId, accountId, workspaceId, subAccountId, name, principalId, createdAt } = row;
  const { documentCount, chunkCount, termCount } = row;
  return {
    corpusId,
    owner: { accountId, workspaceId },
    ...(subAccountId !== null && { subAccountId }),
    name,
    principalId,
    documentCount,
    chunkCount,
    termCount,
    createdAt: createdAt.getTime(),
  };
}

function toDocument(row: typeof documents.$inferSelect): Document {
  const { documentId, name, sha256, sizeBytes, chunkCount, termCount, updatedAt } = row;
  return { documentId, name, sha256, sizeBytes, chunkCount, termCount, updatedAt: updatedAt.getTime() };
}
