import type { Clock, IdSource, Instant } from '@suanli/kernel';
import type { Remembered, RequestKey } from '@suanli/postgres';
import type { Blob, Upload } from '../domain/blob/blob.ts';
import type { Corpus, Document, IndexedChunk, SearchHit } from '../domain/corpus/corpus.ts';
import type { HashText, CommitFile } from '../domain/repository/revision.ts';
import type { Owner, Repository, RepositoryKind, RepositoryRef } from '../domain/repository/repository.ts';
import type { Route } from '../domain/route/route.ts';
import type { BlobStore } from './blob/blob-store.ts';

/** `limit` rows at most, beginning after a key of the list's own order; undefined begins at the start. */
export type Slice = { limit: number; after?: string };

export type Commit = {
  repositoryId: string;
  revision: string;
  parent: string;
  /** 1 for the first commit of the repository. */
  number: number;
  message: string;
  principalId: string;
  fileCount: number;
  createdAt: Instant;
};

export interface RepositoryStore {
  /** Undefined when inserted, else the one that has the name already. */
  insert(repository: Repository): Promise<Repository | undefined>;
  find(owner: Owner, ref: RepositoryRef): Promise<Repository | undefined>;
  /** The same, and nobody else changes it until the unit of work ends. */
  lock(owner: Owner, ref: RepositoryRef): Promise<Repository | undefined>;
  /** Newest first; the key is the id. */
  list(owner: Owner, filter: { kind?: RepositoryKind }, slice: Slice): Promise<Repository[]>;
}

export interface CommitStore {
  /** Adds the commit with all its files and moves `main` of the locked repository to it. */
  append(owner: Owner, commit: Commit, files: readonly CommitFile[]): Promise<void>;
  find(owner: Owner, repositoryId: string, revision: string): Promise<Commit | undefined>;
  /** Newest first; the key is the number. */
  list(owner: Owner, repositoryId: string, slice: Slice): Promise<Commit[]>;
  /** By path, in the order of its UTF-8 bytes; the key is the path. */
  listFiles(owner: Owner, repositoryId: string, revision: string, slice: Slice): Promise<CommitFile[]>;
  findFile(owner: Owner, repositoryId: string, revision: string, path: string): Promise<CommitFile | undefined>;
}

/** Which blobs an account has, and which are on their way. The bytes are in the BlobStore. */
export interface BlobRecords {
  find(accountId: string, sha256s: readonly string[]): Promise<Blob[]>;
  /** The open upload of this blob: the one there is already, or the given one. Counts as a touch. */
  openUpload(upload: Upload): Promise<Upload>;
  /** The upload, marked as in use now. */
  touchUpload(accountId: string, uploadId: string, now: Instant): Promise<Upload | undefined>;
  /** From now on the account has the blob. May be repeated. */
  complete(upload: Upload, now: Instant): Promise<void>;
  /** Forgets at most `limit` uploads that nobody touched since; returns how many. */
  forgetUploads(untouchedSince: Instant, limit: number): Promise<number>;
  /** Those of the given uploads that are still open. */
  openAmong(uploadIds: readonly string[]): Promise<string[]>;
}

export interface CorpusStore {
  /** Undefined when inserted, else the one that has the name already. */
  insert(corpus: Corpus): Promise<Corpus | undefined>;
  /** By id or name. */
  find(owner: Owner, idOrName: string): Promise<Corpus | undefined>;
  lock(owner: Owner, idOrName: string): Promise<Corpus | undefined>;
  /** Newest first; the key is the id. */
  list(owner: Owner, slice: Slice): Promise<Corpus[]>;
  findDocument(corpusId: string, by: { name: string } | { documentId: string }): Promise<Document | undefined>;
  /** By name; the key is the name. */
  listDocuments(corpusId: string, slice: Slice): Promise<Document[]>;
  /** Adds the document and what finds it, in place of the one with the same id. The corpus is locked. */
  putDocument(corpusId: string, document: Document, chunks: readonly IndexedChunk[]): Promise<void>;
  deleteDocument(corpusId: string, documentId: string): Promise<void>;
  /** By BM25, best first; equal scores by document id and place. */
  search(corpus: Corpus, terms: readonly string[], limit: number): Promise<SearchHit[]>;
}

export interface RouteStore {
  /** Also a removed one. */
  lock(model: string): Promise<Route | undefined>;
  /** Undefined when stored; the route that is there already when it was given as new (version 1). */
  put(route: Route): Promise<Route | undefined>;
  /** Those in force, by model name; the key is the model. */
  list(slice: Slice): Promise<Route[]>;
}

export type HubEvent =
  | { kind: 'revision_committed'; repository: Repository; commit: Commit }
  | { kind: 'route_changed'; route: Route };

export interface EventLog {
  append(event: HubEvent): Promise<void>;
}

export interface RequestLog {
  /** Runs the effect once per request id; what throws leaves the id free. */
  once<A>(key: RequestKey, effect: () => Promise<A>): Promise<Remembered<A>>;
}

export type HubStores = {
  repositories: RepositoryStore;
  commits: CommitStore;
  blobs: BlobRecords;
  corpora: CorpusStore;
  routes: RouteStore;
  events: EventLog;
  requests: RequestLog;
};

/** One transaction: all of it happens, or, when `work` throws, none. May run `work` more than once. */
export type UnitOfWork = <T>(work: (stores: HubStores) => Promise<T>) => Promise<T>;

/** What a signed URL lets its holder do: `read` is GET and HEAD of a blob, `write` is HEAD and PATCH of an upload. */
export type UrlGrant = {
  access: 'read' | 'write';
  path: string;
  accountId: string;
  expiresAt: Instant;
  filename?: string;
};

export type HubDeps = {
  work: UnitOfWork;
  bytes: BlobStore;
  /** Makes the URL of the data port that grants exactly this. */
  signUrl: (grant: UrlGrant) => string;
  hashText: HashText;
  clock: Clock;
  ids: IdSource;
  limits: { maxBlobBytes: number };
};
