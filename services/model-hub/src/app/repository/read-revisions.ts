import type { CallContext } from '@suanli/kernel';
import { done, type Outcome, refused } from '../../domain/refusal.ts';
import { MAIN, type Owner, type Repository } from '../../domain/repository/repository.ts';
import type { CommitFile } from '../../domain/repository/revision.ts';
import { type Page, type PageAsk, readPage } from '../paging.ts';
import type { Commit, HubDeps, HubStores } from '../ports.ts';
import { findRepository } from './read-repositories.ts';

export type ResolvedRevision = {
  repository: Repository;
  /** Empty when `main` was asked for and nothing is committed yet. */
  revision: string;
};

/** What a revision or `main` (also the empty text) stands for now. */
export function resolveRevision(
  deps: HubDeps,
  owner: Owner,
  ask: { repository: string; revision: string },
): Promise<Outcome<ResolvedRevision>> {
  return deps.work((stores) => resolve(stores, owner, ask));
}

/** Newest first. */
export function listCommits(
  deps: HubDeps,
  ctx: CallContext,
  ask: PageAsk & { repository: string },
): Promise<Outcome<Page<Commit>>> {
  return deps.work(async ({ repositories, commits }) => {
    const found = await findRepository(repositories, ctx.tenant, ask.repository);
    if (found.kind === 'refused') return found;
    const { repositoryId } = found.value;
    return readPage(ask, {
      name: `commits ${repositoryId}`,
      keyOf: (commit) => String(commit.number),
      isKey: (key) => /^[0-9]{1,9}$/.test(key),
      read: (slice) => commits.list(ctx.tenant, repositoryId, slice),
    });
  });
}

/** By path. A cursor is bound to its revision: the pages of one listing never mix two, also when `main` moves in between. */
export function listFiles(
  deps: HubDeps,
  ctx: CallContext,
  ask: PageAsk & { repository: string; revision: string },
): Promise<Outcome<Page<CommitFile> & { revision: string }>> {
  return deps.work(async (stores): Promise<Outcome<Page<CommitFile> & { revision: string }>> => {
    const resolved = await resolve(stores, ctx.tenant, ask);
    if (resolved.kind === 'refused') return resolved;
    const { repository, revision } = resolved.value;
    if (revision === '') return done({ items: [], revision });
    const page = await readPage(ask, {
      name: `files ${revision}`,
      keyOf: (file: CommitFile) => file.path,
      read: (slice) => stores.commits.listFiles(ctx.tenant, repository.repositoryId, revision, slice),
    });
    return page.kind === 'refused' ? page : done({ ...page.value, revision });
  });
}

/** One file of a revision, with the revision that the name stood for. */
export async function findFile(
  stores: HubStores,
  owner: Owner,
  ask: { repository: string; revision: string; path: string },
): Promise<Outcome<{ file: CommitFile; revision: string }>> {
  const resolved = await resolve(stores, owner, ask);
  if (resolved.kind === 'refused') return resolved;
  const { repository, revision } = resolved.value;
  const isAsked = revision !== '' && !ask.path.includes('\0');
  const file = isAsked ? await stores.commits.findFile(owner, repository.repositoryId, revision, ask.path) : undefined;
  return file ? done({ file, revision }) : refused({ reason: 'file_not_found', path: ask.path });
}

async function resolve(
  stores: HubStores,
  owner: Owner,
  ask: { repository: string; revision: string },
): Promise<Outcome<ResolvedRevision>> {
  const found = await findRepository(stores.repositories, owner, ask.repository);
  if (found.kind === 'refused') return found;
  const repository = found.value;
  if (ask.revision === '' || ask.revision === MAIN) return done({ repository, revision: repository.headRevision });
  const isHex = /^[0-9a-f]{64}$/.test(ask.revision);
  const commit = isHex ? await stores.commits.find(owner, repository.repositoryId, ask.revision) : undefined;
  return commit ? done({ repository, revision: commit.revision }) : refused({ reason: 'revision_not_found' });
}
