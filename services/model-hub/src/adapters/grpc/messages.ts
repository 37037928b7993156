import type { CallContext, TenantPath } from '@suanli/kernel';
import type { PageInfo, PageRequest, TenantPath as TenantMessage } from '@suanli/proto/suanli/common/v1/common.ts';
import type { Corpus as CorpusMessage, Document as DocumentMessage } from '@suanli/proto/suanli/modelhub/v1/corpus.ts';
import type {
  Commit as CommitMessage,
  CommitFile as CommitFileMessage,
  Repository as RepositoryMessage,
} from '@suanli/proto/suanli/modelhub/v1/repository.ts';
import type { Route as RouteMessage } from '@suanli/proto/suanli/modelhub/v1/route.ts';
import type { Page, PageAsk } from '../../app/paging.ts';
import type { Commit } from '../../app/ports.ts';
import type { Corpus, Document } from '../../domain/corpus/corpus.ts';
import type { Owner, Repository } from '../../domain/repository/repository.ts';
import type { CommitFile } from '../../domain/repository/revision.ts';
import type { Route, RouteSpec } from '../../domain/route/route.ts';

/** Messages of this service's contracts to and from its own shapes; no rule is applied here. */

export function forRequest(ctx: CallContext, requestId: string): CallContext {
  return requestId === '' ? ctx : { ...ctx, requestId };
}

export function readPageAsk(page: PageRequest | undefined): PageAsk {
  return { limit: page?.limit ?? 0, cursor: page?.cursor ?? '' };
}

export function writePageInfo({ nextCursor }: Page<unknown>): PageInfo {
  return { hasMore: nextCursor !== undefined, nextCursor: nextCursor ?? '' };
}

/** Undefined unless the message names an account and a workspace. */
export function readTenant(message: TenantMessage | undefined): TenantPath | undefined {
  if (message === undefined || message.accountId === '' || message.workspaceId === '') return undefined;
  const { accountId, subAccountId, workspaceId, principalId } = message;
  return { accountId, ...(subAccountId !== '' && { subAccountId }), workspaceId, principalId };
}

export function writeRepository(repository: Repository): RepositoryMessage {
  const { repositoryId, kind, name, headRevision, createdAt, updatedAt } = repository;
  const tenant = writeTenant(repository);
  return {
    repositoryId,
    tenant,
    kind,
    name,
    headRevision,
    createdAt: new Date(createdAt),
    updatedAt: new Date(updatedAt),
  };
}

export function writeCommit({ revision, parent, message, principalId, fileCount, createdAt }: Commit): CommitMessage {
  return { revision, parent, message, principalId, fileCount, createdAt: new Date(createdAt) };
}

export function readFile({ path, sha256, sizeBytes }: CommitFileMessage): CommitFile {
  return { path, sha256, sizeBytes: Number(sizeBytes) };
}

export function writeFile({ path, sha256, sizeBytes }: CommitFile): CommitFileMessage {
  return { path, sha256, sizeBytes: BigInt(sizeBytes) };
}

export function writeCorpus(corpus: Corpus): CorpusMessage {
  const { corpusId, name, documentCount, chunkCount, createdAt } = corpus;
  return { corpusId, tenant: writeTenant(corpus), name, documentCount, chunkCount, createdAt: new Date(createdAt) };
}

export function writeDocument(document: Document): DocumentMessage {
  const { documentId, name, sha256, sizeBytes, chunkCount, updatedAt } = document;
  return { documentId, name, sha256, sizeBytes: BigInt(sizeBytes), chunkCount, updatedAt: new Date(updatedAt) };
}

/** The part of a route that its operator decides. */
export function readRoute(route: RouteSpec | RouteMessage): RouteSpec {
  const { model, upstream, upstreamModel, description, isLanguageModel } = route;
  return { model, upstream, upstreamModel, description, isLanguageModel };
}

export function writeRoute(route: Route): RouteMessage {
  return { ...readRoute(route), version: BigInt(route.version), updatedAt: new Date(route.updatedAt) };
}

function writeTenant(thing: { owner: Owner; subAccountId?: string; principalId: string }): TenantMessage {
  return { ...thing.owner, subAccountId: thing.subAccountId ?? '', principalId: thing.principalId };
}
