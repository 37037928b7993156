import type { Tx } from '@suanli/postgres';
import { and, desc, eq, lt, type SQL } from 'drizzle-orm';
import type { RepositoryStore } from '../../app/ports.ts';
import { MAIN, type Owner, type Repository, type RepositoryRef } from '../../domain/repository/repository.ts';
import { refs, repositories } from './schema.ts';

export function repositoryStore(tx: Tx): RepositoryStore {
  const select = (where: SQL | undefined) =>
    tx
      .select({ repository: repositories, head: refs })
      .from(repositories)
      .innerJoin(refs, and(eq(refs.repositoryId, repositories.repositoryId), eq(refs.name, MAIN)))
      .where(where);

  return {
    async insert(repository) {
      const inserted = await tx
        .insert(repositories)
        .values(toRow(repository))
        .onConflictDoNothing({
          target: [repositories.accountId, repositories.workspaceId, repositories.kind, repositories.name],
        })
        .returning({ repositoryId: repositories.repositoryId });
      if (inserted.length === 0) {
        const [existing] = await select(byRef(repository.owner, repository));
        return existing && toRepository(existing);
      }
      await tx.insert(refs).values({
        repositoryId: repository.repositoryId,
        name: MAIN,
        revision: repository.headRevision,
        commitCount: repository.commitCount,
        updatedAt: new Date(repository.updatedAt),
      });
      return undefined;
    },

    async find(owner, ref) {
      const [found] = await select(byRef(owner, ref));
      return found && toRepository(found);
    },

    async lock(owner, ref) {
      const [found] = await select(byRef(owner, ref)).for('update', { of: refs });
      return found && toRepository(found);
    },

    async list(owner, { kind }, { limit, after }) {
      const rows = await select(
        and(
          ownedBy(owner),
          kind === undefined ? undefined : eq(repositories.kind, kind),
          after === undefined ? undefined : lt(repositories.repositoryId, after),
        ),
      )
        .orderBy(desc(repositories.repositoryId))
        .limit(limit);
      return rows.map(toRepository);
    },
  };
}

function ownedBy({ accountId, workspaceId }: Owner): SQL | undefined {
  return and(eq(repositories.accountId, accountId), eq(repositories.workspaceId, workspaceId));
}

function byRef(owner: Owner, ref: RepositoryRef): SQL | undefined {
  const isIt =
    'id' in ref
      ? eq(repositories.repositoryId, ref.id)
      : and(eq(repositories.kind, ref.kind), eq(repositories.name, ref.name));
  return and(ownedBy(owner), isIt);
}

function toRow({ owner, createdAt, ...repository }: Repository): typeof repositories.$inferInsert {
  const { repositoryId, subAccountId, principalId, kind, name } = repository;
  const { accountId, workspaceId } = owner;
  return {
    repositoryId,
    accountId,
    subAccountId,
    workspaceId,
    principalId,
    kind,
    name,
    createdAt: new Date(createdAt),
  };
}

function toRepository({
  repository: { accountId, workspaceId, subAccountId, createdAt, ...row },
  head,
}: {
  repository: typeof repositories.$inferSelect;
  head: typeof refs.$inferSelect;
}): Repository {
  return {
    ...row,
    owner: { accountId, workspaceId },
    ...(subAccountId !== null && { subAccountId }),
    headRevision: head.revision,
    commitCount: head.commitCount,
    createdAt: createdAt.getTime(),
    updatedAt: head.updatedAt.getTime(),
  };
}
