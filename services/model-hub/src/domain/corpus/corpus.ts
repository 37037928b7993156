import type { Instant } from '@suanli/kernel';
import type { Owner } from '../repository/repository.ts';
import type { Chunk } from './chunk-text.ts';

export type Corpus = {
  corpusId: string;
  owner: Owner;
  subAccountId?: string;
  name: string;
  principalId: string;
  documentCount: number;
  chunkCount: number;
  /** Over all chunks: with the count it gives the average length that ranking needs. */
  termCount: number;
  createdAt: Instant;
};

/** Not the text itself: that lives in the chunks. */
export type Document = {
  documentId: string;
  name: string;
  sha256: string;
  sizeBytes: number;
  chunkCount: number;
  termCount: number;
  updatedAt: Instant;
};

export type IndexedChunk = Chunk & {
  /** With repetitions; see `indexTerms`. */
  terms: readonly string[];
};

export type SearchHit = {
  documentId: string;
  documentName: string;
  chunkIndex: number;
  fromChar: number;
  toChar: number;
  text: string;
  score: number;
};

export const CORPUS_ID_PREFIX = 'cor';
export const DOCUMENT_ID_PREFIX = 'doc';
export const MAX_DOCUMENT_BYTES = 1024 * 1024;
export const MAX_DOCUMENTS = 10_000;
export const MAX_QUERY_CHARS = 2_000;
export const DEFAULT_HITS = 5;
export const MAX_HITS = 50;
export const DOCUMENT_NAME_RULE = '1 to 200 characters, none of them a control character';

const MAX_DOCUMENT_NAME_CHARS = 200;

export function isDocumentName(name: string): boolean {
  const isSized = name.length > 0 && name.length <= MAX_DOCUMENT_NAME_CHARS;
  return isSized && name.isWellFormed() && !/\p{Cc}/u.test(name);
}

/** Why a text cannot be kept; undefined when it can. */
export function textProblem(text: string): string | undefined {
  if (text.trim() === '') return 'not empty';
  if (text.includes('\0')) return 'no NUL characters';
  return text.isWellFormed() ? undefined : 'well-formed Unicode';
}
