import type { Commit, HubEvent, Slice } from '../app/ports.ts';
import type { Blob, Upload } from '../domain/blob/blob.ts';
import type { Corpus, Document, IndexedChunk } from '../domain/corpus/corpus.ts';
import type { Owner, Repository } from '../domain/repository/repository.ts';
import { type CommitFile, comparePaths } from '../domain/repository/revision.ts';
import type { Route } from '../domain/route/route.ts';

/** Plain data, so that a unit of work can be undone by dropping its copy. */
export type MemoryState = {
  repositories: Repository[];
  commits: { owner: Owner; commit: Commit; files: CommitFile[] }[];
  blobs: Map<string, Blob>;
  uploads: Map<string, Upload>;
  corpora: Corpus[];
  documents: { corpusId: string; document: Document; chunks: IndexedChunk[] }[];
  routes: Map<string, Route>;
  events: HubEvent[];
  requests: Map<string, { bodyHash: string; answer: unknown }>;
};

export function emptyState(): MemoryState {
  return {
    repositories: [],
    commits: [],
    blobs: new Map(),
    uploads: new Map(),
    corpora: [],
    documents: [],
    routes: new Map(),
    events: [],
    requests: new Map(),
  };
}

export function isOwnedBy(thing: Owner, owner: Owner): boolean {
  return thing.accountId === owner.accountId && thing.workspaceId === owner.workspaceId;
}

/** What a query with `where key > after order by key limit n` gives; `descending` for `<` and `desc`. */
export function sliceOf<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  { limit, after }: Slice,
  order: 'ascending' | 'descending',
): T[] {
  const sign = order === 'ascending' ? 1 : -1;
  return items
    .filter((item) => after === undefined || comparePaths(keyOf(item), after) * sign > 0)
    .toSorted((a, b) => comparePaths(keyOf(a), keyOf(b)) * sign)
    .slice(0, limit);
}
