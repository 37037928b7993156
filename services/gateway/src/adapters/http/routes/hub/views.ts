import type { Corpus, Document, SearchHit } from '@suanli/proto/suanli/modelhub/v1/corpus.ts';
import type { Commit, CommitFile, Repository } from '@suanli/proto/suanli/modelhub/v1/repository.ts';
import type { Route } from '@suanli/proto/suanli/modelhub/v1/route.ts';
import { z } from 'zod';
import { instant, int64, timeOf } from '../../schemas.ts';

export const repositoryView = z.object({
  id: z.string(),
  workspace_id: z.string(),
  kind: z.string(),
  name: z.string(),
  head_revision: z.string().optional(),
  created_at: instant.optional(),
  updated_at: instant.optional(),
});
export const toRepositoryView = (repository: Repository): z.infer<typeof repositoryView> => ({
  id: repository.repositoryId,
  workspace_id: repository.tenant?.workspaceId ?? '',
  kind: repository.kind,
  name: repository.name,
  ...(repository.headRevision !== '' && { head_revision: repository.headRevision }),
  created_at: timeOf(repository.createdAt),
  updated_at: timeOf(repository.updatedAt),
});

export const commitView = z.object({
  revision: z.string(),
  parent: z.string().optional(),
  message: z.string(),
  principal_id: z.string(),
  file_count: z.number(),
  created_at: instant.optional(),
});
export const toCommitView = (commit: Commit): z.infer<typeof commitView> => ({
  revision: commit.revision,
  ...(commit.parent !== '' && { parent: commit.parent }),
  message: commit.message,
  principal_id: commit.principalId,
  file_count: commit.fileCount,
  created_at: timeOf(commit.createdAt),
});

export const fileView = z.object({ path: z.string(), sha256: z.string(), size_bytes: int64 });
export const toFileView = ({ path, sha256, sizeBytes }: CommitFile): z.infer<typeof fileView> => ({
  path,
  sha256,
  size_bytes: String(sizeBytes),
});

export const corpusView = z.object({
  id: z.string(),
  workspace_id: z.string(),
  name: z.string(),
  document_count: z.number(),
  chunk_count: z.number(),
  created_at: instant.optional(),
});
export const toCorpusView = (corpus: Corpus): z.infer<typeof corpusView> => ({
  id: corpus.corpusId,
  workspace_id: corpus.tenant?.workspaceId ?? '',
  name: corpus.name,
  document_count: corpus.documentCount,
  chunk_count: corpus.chunkCount,
  created_at: timeOf(corpus.createdAt),
});

export const documentView = z.object({
  id: z.string(),
  name: z.string(),
  sha256: z.string(),
  size_bytes: int64,
  chunk_count: z.number(),
  updated_at: instant.optional(),
});
export const toDocumentView = (document: Document): z.infer<typeof documentView> => ({
  id: document.documentId,
  name: document.name,
  sha256: document.sha256,
  size_bytes: String(document.sizeBytes),
  chunk_count: document.chunkCount,
  updated_at: timeOf(document.updatedAt),
});

export const hitView = z.object({
  document_id: z.string(),
  document_name: z.string(),
  chunk_index: z.number(),
  from_char: z.number(),
  to_char: z.number(),
  text: z.string(),
  score: z.number(),
});
export const toHitView = (hit: SearchHit): z.infer<typeof hitView> => ({
  document_id: hit.documentId,
  document_name: hit.documentName,
  chunk_index: hit.chunkIndex,
  from_char: hit.fromChar,
  to_char: hit.toChar,
  text: hit.text,
  score: hit.score,
});

export const routeView = z.object({
  model: z.string(),
  upstream: z.string(),
  upstream_model: z.string(),
  description: z.string(),
  is_language_model: z.boolean(),
  version: int64,
  updated_at: instant.optional(),
});
export const toRouteView = (route: Route): z.infer<typeof routeView> => ({
  model: route.model,
  upstream: route.upstream,
  upstream_model: route.upstreamModel,
  description: route.description,
  is_language_model: route.isLanguageModel,
  version: String(route.version),
  updated_at: timeOf(route.updatedAt),
});
