import { isId } from '@suanli/kernel';
import type { CorpusStore } from '../app/ports.ts';
import { bm25, SCORE_DECIMALS } from '../domain/corpus/bm25.ts';
import { CORPUS_ID_PREFIX, type Corpus, type SearchHit } from '../domain/corpus/corpus.ts';
import type { Owner } from '../domain/repository/repository.ts';
import { comparePaths as compare } from '../domain/repository/revision.ts';
import { isOwnedBy, type MemoryState, sliceOf } from './memory-state.ts';

export function memoryCorpora(state: MemoryState): CorpusStore {
  const find = async (owner: Owner, idOrName: string) =>
    state.corpora.find(
      (one) =>
        isOwnedBy(one.owner, owner) &&
        (isId(CORPUS_ID_PREFIX, idOrName) ? one.corpusId === idOrName : one.name === idOrName),
    );
  const documentsOf = (corpusId: string) => state.documents.filter((one) => one.corpusId === corpusId);

  function recount(corpusId: string): void {
    const documents = documentsOf(corpusId).map(({ document }) => document);
    const sum = (of: 'chunkCount' | 'termCount') => documents.reduce((total, document) => total + document[of], 0);
    const counts = { documentCount: documents.length, chunkCount: sum('chunkCount'), termCount: sum('termCount') };
    state.corpora = state.corpora.map((one) => (one.corpusId === corpusId ? { ...one, ...counts } : one));
  }

  async function remove(corpusId: string, documentId: string): Promise<void> {
    state.documents = state.documents.filter(
      (one) => one.corpusId !== corpusId || one.document.documentId !== documentId,
    );
    recount(corpusId);
  }

  return {
    find,
    lock: find,
    async insert(corpus) {
      const existing = await find(corpus.owner, corpus.name);
      if (!existing) state.corpora.push(corpus);
      return existing;
    },
    async list(owner, slice) {
      const mine = state.corpora.filter((one) => isOwnedBy(one.owner, owner));
      return sliceOf(mine, (one) => one.corpusId, slice, 'descending');
    },
    async findDocument(corpusId, by) {
      return documentsOf(corpusId).find(({ document }) =>
        'name' in by ? document.name === by.name : document.documentId === by.documentId,
      )?.document;
    },
    async listDocuments(corpusId, slice) {
      const documents = documentsOf(corpusId).map(({ document }) => document);
      return sliceOf(documents, (document) => document.name, slice, 'ascending');
    },
    async putDocument(corpusId, document, chunks) {
      await remove(corpusId, document.documentId);
      state.documents.push({ corpusId, document, chunks: [...chunks] });
      recount(corpusId);
    },
    deleteDocument: remove,
    async search(corpus, terms, limit) {
      if (!(await find(corpus.owner, corpus.corpusId))) return [];
      return searchChunks(documentsOf(corpus.corpusId), corpus, terms).slice(0, limit);
    },
  };
}

function searchChunks(documents: MemoryState['documents'], corpus: Corpus, terms: readonly string[]): SearchHit[] {
  const all = documents.flatMap(({ document, chunks }) => chunks.map((chunk) => ({ document, chunk })));
  const average = corpus.termCount / corpus.chunkCount;
  const standIn = new Map(terms.map((term) => [term, all.filter(({ chunk }) => chunk.terms.includes(term)).length]));
  return all
    .map(({ document, chunk }): SearchHit => {
      const score = terms.reduce((sum, term) => {
        const frequency = chunk.terms.filter((one) => one === term).length;
        const chunksWithTerm = standIn.get(term) ?? 0;
        const { chunkCount } = corpus;
        const input = {
          frequency,
          chunkTerms: chunk.terms.length,
          averageChunkTerms: average,
          chunkCount,
          chunksWithTerm,
        };
        return frequency === 0 ? sum : sum + bm25(input);
      }, 0);
      const { documentId, name: documentName } = document;
      const { index: chunkIndex, fromChar, toChar, text } = chunk;
      return {
        documentId,
        documentName,
        chunkIndex,
        fromChar,
        toChar,
        text,
        score: Number(score.toFixed(SCORE_DECIMALS)),
      };
    })
    .filter((hit) => hit.score > 0)
    .toSorted((a, b) => b.score - a.score || compare(a.documentId, b.documentId) || a.chunkIndex - b.chunkIndex);
}
