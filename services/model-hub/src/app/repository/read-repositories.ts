import type { CallContext } from '@suanli/kernel';
import { done, type Outcome, refused } from '../../domain/refusal.ts';
import {
  isRepositoryKind,
  type Owner,
  parseRepositoryRef,
  type Repository,
} from '../../domain/repository/repository.ts';
import { type Page, type PageAsk, readPage } from '../paging.ts';
import type { HubDeps, RepositoryStore } from '../ports.ts';

export function getRepository(deps: HubDeps, ctx: CallContext, ref: string): Promise<Outcome<Repository>> {
  return deps.work(({ repositories }) => findRepository(repositories, ctx.tenant, ref));
}

/** By id or `kind/name`, in the owner's workspace alone. */
export async function findRepository(
  repositories: Pick<RepositoryStore, 'find'>,
  owner: Owner,
  text: string,
): Promise<Outcome<Repository>> {
  const ref = parseRepositoryRef(text);
  const found = ref && (await repositories.find(owner, ref));
  return found ? done(found) : refused({ reason: 'repository_not_found' });
}

/** Newest first. */
export function listRepositories(
  deps: HubDeps,
  ctx: CallContext,
  ask: PageAsk & { kind: string },
): Promise<Outcome<Page<Repository>>> {
  const { kind } = ask;
  if (kind !== '' && !isRepositoryKind(kind)) return Promise.resolve(done({ items: [] }));
  return deps.work(({ repositories }) =>
    readPage(ask, {
      name: `repositories ${kind}`,
      keyOf: (repository) => repository.repositoryId,
      read: (slice) => repositories.list(ctx.tenant, kind === '' ? {} : { kind }, slice),
    }),
  );
}
