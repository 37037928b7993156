import type { CallContext } from '@suanli/kernel';
import { done, type Outcome, refused } from '../../domain/refusal.ts';
import {
  isRepositoryKind,
  isRepositoryName,
  NAME_RULE,
  type Repository,
  REPOSITORY_ID_PREFIX,
} from '../../domain/repository/repository.ts';
import type { HubDeps } from '../ports.ts';
import { runCommand } from '../run-command.ts';

/** Makes an empty repository in the caller's workspace. */
export async function createRepository(
  deps: HubDeps,
  ctx: CallContext,
  command: { kind: string; name: string },
): Promise<Outcome<Repository>> {
  const { kind, name } = command;
  if (!isRepositoryKind(kind)) return refused({ reason: 'invalid_name', rule: 'kind is "model" or "dataset"' });
  if (!isRepositoryName(name)) return refused({ reason: 'invalid_name', rule: NAME_RULE });
  return runCommand(deps, ctx, { name: 'create_repository', body: command }, async ({ repositories }) => {
    const { accountId, workspaceId, subAccountId, principalId } = ctx.tenant;
    const now = deps.clock.now();
    const repository: Repository = {
      repositoryId: deps.ids.next(REPOSITORY_ID_PREFIX),
      owner: { accountId, workspaceId },
      ...(subAccountId !== undefined && { subAccountId }),
      kind,
      name,
      principalId,
      headRevision: '',
      commitCount: 0,
      createdAt: now,
      updatedAt: now,
    };
    const existing = await repositories.insert(repository);
    if (existing) return refused({ reason: 'repository_exists', repositoryId: existing.repositoryId });
    return done(repository);
  });
}
